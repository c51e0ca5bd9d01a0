import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** Once all agree and nobody writes, peers only compare their roots now and then. */
export const quietTraffic: Checker = (world, at) => {
  const { quiet } = world
  if (at !== 'end' || quiet === null || quiet.bytes <= quiet.bytesMax) return []
  const detail = `${quiet.bytes} bytes were sent while there was no news; ${quiet.bytesMax} at most were expected`
  return [violation(world, { checker: 'quiet-traffic', kind: 'liveness', detail, nodes: [] })]
}
