// What runs on every page: the design systems' own scripts, and live figures. Everything works without it.
import { initAll } from './govuk-frontend.min.js'
import { initAll as initMoj } from './moj-frontend.min.js'
import { startHiding } from './hiding.js'
import { startLive } from './live.js'

initAll()
initMoj()
startHiding(document)
startLive(document)
