// What was revealed is taken off an open page when its time is over: the server stops showing it by itself, a screen does not.
//
// data-hide-after="seconds"   counted from when the page was made
const LOOK_EVERY_MS = 1000

export function startHiding (page) {
  const made = Date.now()
  const shown = new Map([...page.querySelectorAll('[data-hide-after]')].map(each => [each, made + Number(each.dataset.hideAfter) * 1000]))
  if (shown.size === 0) return
  // By the clock, not by a timer alone: a computer that slept through it must not show it when it wakes.
  const timer = setInterval(() => {
    for (const [each, end] of shown) {
      if (Date.now() < end) continue
      each.textContent = 'Hidden again'
      shown.delete(each)
    }
    if (shown.size === 0) clearInterval(timer)
  }, LOOK_EVERY_MS)
}
