import type { CommitRefusal } from '#protocol/replica'
import type { CloseCode } from '#protocol/sync'
import { VIOLATIONS_MAX, violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'

/** Refusals that honest nodes may meet for a while: another peer or a later time cures them. As in the session. */
const CURABLE: ReadonlySet<CommitRefusal> = new Set([
  'gap',
  'unknown-device',
  'unsigned-stretch',
  'waiting-quota',
])
/** Ends of sessions that a bad network brings about. */
const NETWORK: ReadonlySet<CloseCode> = new Set(['silent', 'stalling'])

/** Honest nodes do not refuse what an honest device signed, and do not end sessions for what honest peers did. */
export const honestCommits: Checker = (world) => {
  const found: Violation[] = []
  const name = 'honest-commits'
  const cheats = new Set(world.books.forkedDevices())
  const honest = new Map(world.nodes.map((node) => [node.device, node]))
  for (const { node, from, device, seq, refusal } of world.books.refusals) {
    if (CURABLE.has(refusal) || cheats.has(device) || !honest.has(device)) continue
    if (world.adversaries.has(from)) continue
    const detail = `node ${node} refused commit ${seq} of honest ${device.slice(0, 12)} from ${from}: ${refusal}`
    found.push(violation(world, { checker: name, kind: 'correctness', detail, nodes: [node, from] }))
  }
  for (const { node, peer, code, detail: why } of world.books.cuts) {
    if (NETWORK.has(code) || world.adversaries.has(peer) || world.adversaries.has(node)) continue
    const detail = `node ${node} ended its session with honest ${peer}: ${code}: ${why}`
    found.push(violation(world, { checker: name, kind: 'correctness', detail, nodes: [node, peer] }))
  }
  return found.slice(0, VIOLATIONS_MAX)
}
