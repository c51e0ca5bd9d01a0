import { expect } from 'vitest'
import type { Change } from '#protocol/authority'
import { CATALOGUE, CatalogueState } from '#protocol/catalogue'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import type { MemoryNode } from '#simulations/mesh'
import { listSection, must, stateHashes, testCoop } from './coop-actors.ts'
import type { TestCoop } from './coop-actors.ts'
import { Stewards, connectAll, deviceOf, memberOf } from './stewards.ts'

const { sha256 } = nodeCrypto()

/** A co-op of several members in memory, and those who keep its ballots. */
export interface Stage extends TestCoop {
  /** The founder first. */
  nodes: MemoryNode[]
  stewards: Stewards
}

/** A co-op of a founder and `others` members, all connected, of whom the first ones are stewards. */
export function stageOf(seed: number, others: number, stewardCount: number): Stage {
  const made = testCoop(seed)
  const nodes = [made.founder, ...Array.from({ length: others }, () => made.admit('member'))]
  connectAll(made.mesh, nodes)
  made.mesh.settle()
  // First commits: the roster knows whose chains these are.
  for (const node of nodes) if (node !== made.founder) list(node, `hello ${nodes.indexOf(node)}`)
  made.mesh.settle()
  const stewards = new Stewards(made.mesh)
  const stage = { ...made, nodes, stewards }
  for (let count = 1; count < stewardCount; count += 1) {
    const next = nodes[count] as MemoryNode
    stewards.decide([stewardOf(next)], { by: made.founder, wills: nodes.slice(0, count), nodes })
    expect(tipOf(next).stewards.size).toBe(count + 1)
  }
  return stage
}

/** The change that makes a node's member a steward. */
export function stewardOf(node: MemoryNode): Change {
  return { kind: 'steward', member: memberOf(node), device: keyOf(node) }
}

/** Lists a file in the catalogue under this name; returns the commit's id. */
export function list(node: MemoryNode, name: string): Uint8Array {
  return must(node.author([listSection(name, sha256)])).commit.id
}

/** Key of a node's device. */
export function keyOf(node: MemoryNode): Uint8Array {
  return Buffer.from(deviceOf(node), 'hex')
}

/** The last epoch of a replica's line. */
export function tipOf({ replica }: { replica: Replica }): Replica['authority']['epochs']['tip'] {
  return replica.authority.epochs.tip
}

/** Names that the catalogue shows, ascending. */
export function namesIn(replica: Replica): string[] {
  replica.openDocument(CATALOGUE)
  const state = replica.document(CATALOGUE)
  return state instanceof CatalogueState ? [...state.listings.values()].map((it) => it.name).sort() : []
}

/** All nodes agree: one line, one roster, equal states. */
export function expectAgreement(nodes: readonly MemoryNode[]): void {
  for (const { replica } of nodes) replica.openDocument(CATALOGUE)
  const [first] = nodes as [MemoryNode]
  for (const node of nodes) {
    expect(toHex(tipOf(node).id)).toBe(toHex(tipOf(first).id))
    expect(stateHashes(node.replica)).toEqual(stateHashes(first.replica))
  }
}

/** True when a node's last commit relies on that commit. */
export function relies({ replica: { history, device } }: MemoryNode, id: Uint8Array): boolean {
  const own = history.branchesOf(history.findDevice(Buffer.from(device ?? '', 'hex')))[0]?.end ?? -1
  return history.relies(own, history.find(id))
}
