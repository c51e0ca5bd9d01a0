import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** Soon after the faults are over all of the core who are still in tell of one line, where a world asks for that. */
export const lineInTime: Checker = (world, at) => {
  const { lineUs, lineUsMax, healedUs } = world
  if (at !== 'end' || lineUsMax === null || healedUs === null) return []
  const tookUs = (lineUs ?? world.nowUs) - healedUs
  if (tookUs <= lineUsMax) return []
  const seconds = (us: number): string => (us / 1_000_000).toFixed(1)
  const took = lineUs === null ? 'do not tell of one line' : 'told of one line'
  const detail = `the core's nodes ${took} ${seconds(tookUs)} s after the faults; ${seconds(lineUsMax)} s were asked for`
  const nodes = world.core.map((node) => node.number)
  return [violation(world, { checker: 'line-in-time', kind: 'liveness', detail, nodes })]
}
