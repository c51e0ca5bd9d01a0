import { toHex } from '#protocol/encoding'
import type { World } from '../world/index.ts'

/** Nodes that are asked: a sample of a large world. A guess: a percent or two of error. */
const ASKED_MAX = 64

/**
 * Share of the commits that any of the nodes holds which a node holds on average, from 0 to 1 in steps of 1e-4. Under
 * faults of all nodes that run, afterwards of the core. Of a forked chain only the longest branch is counted.
 */
export function heldShare({ nodes, core, healedUs }: World): number {
  const running = (healedUs === null ? nodes : core).filter(({ replica }) => replica !== null)
  const step = Math.ceil(running.length / ASKED_MAX)
  const asked = running.filter((_, i) => i % step === 0)
  const longest = new Map<string, number>()
  let held = 0
  for (const { replica } of asked) {
    const history = replica?.history
    if (history === undefined) continue
    for (let device = 0; device < history.deviceCount; device += 1) {
      const key = toHex(history.keyOf(device))
      let length = 0
      for (const end of history.endsOf(device)) length = Math.max(length, history.seqOf(end) + 1)
      held += length
      longest.set(key, Math.max(longest.get(key) ?? 0, length))
    }
  }
  const all = [...longest.values()].reduce((sum, length) => sum + length, 0)
  return all === 0 ? 0 : Math.round((held / (all * asked.length)) * 1e4) / 1e4
}
