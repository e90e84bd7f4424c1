// Live figures: replaces the text of cells that changed, and nothing else. It never adds, removes or reorders rows.
//
// data-live="key"        a cell; data-live-tags="Up=green;Down=red;" makes it a tag whose colour follows its text
// data-live-more="key"   a link that appears once this count has passed data-live-shown
// data-live-bar          where the source, the pause button and the status line stand
const OLD_AFTER_MS = 30_000
const AGAIN_AFTER_MS = 10_000
const PAUSED = 'live-updates-paused'

export function startLive (page) {
  const bar = page.querySelector('[data-live-bar]')
  if (!bar || !('EventSource' in window)) return
  const status = bar.querySelector('[data-live-status]')
  const button = bar.querySelector('[data-live-pause]')
  let source = null
  let heard = Date.now()
  let begun = heard
  let tried = heard
  let paused = remembered()

  function say (text) {
    if (status.textContent !== text) status.textContent = text
  }

  // One line, said once each time it changes: 'on', 'paused', 'old' or 'trouble'.
  function show (state) {
    bar.classList.toggle('console-live--paused', state === 'paused')
    bar.classList.toggle('console-live--old', state === 'old' || state === 'trouble')
    button.textContent = paused ? 'Resume live updates' : 'Pause live updates'
    say({
      on: () => 'Live updates are on.',
      paused: () => `Live updates are paused. Figures of ${clock(heard)}.`,
      old: () => `These figures may be old: nothing has been heard for 30 seconds. Figures of ${clock(heard)}.`,
      trouble: () => `The figures cannot be read now. Figures of ${clock(heard)}.`
    }[state]())
  }

  function hear () {
    heard = Date.now()
    show('on')
  }

  function open () {
    if (source || paused || page.hidden) return
    tried = Date.now()
    source = new EventSource(bar.dataset.liveSource)
    source.addEventListener('cells', event => {
      apply(page, JSON.parse(event.data))
      hear()
    })
    source.addEventListener('beat', hear)
    source.addEventListener('trouble', () => show('trouble'))
  }

  function begin () {
    begun = Date.now()
    open()
  }

  // A browser gives a stream up for good when it is answered with anything else, as while the server starts again.
  function openAgain () {
    if (source && source.readyState === EventSource.CLOSED) close()
    if (Date.now() - tried > AGAIN_AFTER_MS) open()
  }

  function close () {
    if (source) source.close()
    source = null
  }

  button.addEventListener('click', () => {
    paused = !paused
    remember(paused)
    if (paused) close()
    else begin()
    show(paused ? 'paused' : 'on')
  })
  page.addEventListener('visibilitychange', () => page.hidden ? close() : begin())
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', begin)
  setInterval(() => {
    if (paused || page.hidden) return
    openAgain()
    if (Date.now() - Math.max(heard, begun) > OLD_AFTER_MS) show('old')
  }, 1000)
  button.hidden = false
  begin()
  show(paused ? 'paused' : 'on')
}

function clock (moment) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', timeStyle: 'medium' }).format(moment)
}

function apply (page, cells) {
  for (const cell of page.querySelectorAll('[data-live]')) {
    const text = cells[cell.dataset.live]
    if (text === undefined || text === cell.textContent) continue
    cell.textContent = text
    if (cell.dataset.liveTags) recolour(cell, text)
  }
  for (const more of page.querySelectorAll('[data-live-more]')) {
    const count = Number((cells[more.dataset.liveMore] ?? '').replaceAll(',', ''))
    const extra = count - Number(more.dataset.liveShown)
    if (!(cells[more.dataset.liveMore] !== undefined && Number.isFinite(count))) continue
    more.hidden = extra <= 0
    more.querySelector('[data-live-more-count]').textContent = String(extra)
  }
}

function recolour (cell, text) {
  for (const pair of cell.dataset.liveTags.split(';')) {
    const [said, colour] = pair.split('=')
    if (colour) cell.classList.toggle(`govuk-tag--${colour}`, false)
  }
  const found = cell.dataset.liveTags.split(';').map(pair => pair.split('=')).find(([said]) => said === text)
  cell.classList.add(`govuk-tag--${found ? found[1] : 'grey'}`)
}

// A browser may refuse storage: then a pause lasts as long as its page.
function remembered () {
  try { return sessionStorage.getItem(PAUSED) === 'yes' } catch { return false }
}

function remember (paused) {
  try { sessionStorage.setItem(PAUSED, paused ? 'yes' : 'no') } catch { /* lasts as long as the page */ }
}
