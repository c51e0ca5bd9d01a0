export { BoardCache } from './board-cache.ts'
export { BoardWriter, openBoard } from './board-writer.ts'
export { LivePage, PAGE_MESSAGE } from './live-page.ts'
export type { PageWire } from './live-page.ts'
