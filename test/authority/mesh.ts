import type { Choices } from '../evaluation/choices.ts'
import { stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import { Oracle } from './oracle.ts'
import { chosenLine } from './roster.ts'
import type { Rules } from './rules.ts'
import { chainOf, commitOf } from './world.ts'
import type { Act, Commit, Genesis } from './world.ts'

/** One device with what it stores. */
export interface Node {
  readonly device: string
  readonly member: string
  readonly isHostile: boolean
  readonly store: Set<Commit>
  /** Commits of its own that a hostile device shows to nobody yet. */
  readonly withheld: Set<Commit>
  /** End of its chain; of a hostile one the branch it wrote last. */
  head: Commit | null
  /** Lost for ever: it neither writes nor answers. */
  isLost: boolean
  /** Times by name; a crash forgets them. */
  readonly timers: Map<string, number>
}

export interface Mesh {
  readonly oracle: Oracle
  readonly draw: Choices
  readonly nodes: Node[]
  /** Parts of the net, cut off from each other. */
  parts: Map<string, number>
  /** In units of 10 s. */
  time: number
  /** Whether keepers follow who leads the round before anybody else. */
  readonly followsLeader: boolean
  readonly cites: 'tip' | 'before'
}

export interface MeshSettings {
  rules: Rules
  followsLeader: boolean
  /** What honest authors cite: the tip, or (a fault) now and then what they cited last. */
  cites: 'tip' | 'before'
}

export function newMesh(draw: Choices, genesis: Genesis, settings: MeshSettings): Mesh {
  const oracle = new Oracle(genesis, [], settings.rules)
  const { followsLeader, cites } = settings
  return { oracle, draw, nodes: [], parts: new Map(), time: 0, followsLeader, cites }
}

export function addNode(mesh: Mesh, device: string, member: string, isHostile: boolean): Node {
  const node: Node = {
    device,
    member,
    isHostile,
    store: new Set(),
    withheld: new Set(),
    head: null,
    isLost: false,
    timers: new Map(),
  }
  mesh.nodes.push(node)
  mesh.parts.set(device, 0)
  return node
}

export function tipOf(mesh: Mesh, store: Iterable<Commit>): Epoch {
  return mesh.oracle.epoch(chosenLine(mesh.oracle, store).at(-1) as string)
}

/** What an honest device would write now: it lists everything it has and cites the tip. */
export function draft({ oracle, cites }: Mesh, node: Node, tip: Epoch, act: Act | null): Commit {
  const { device, head: prev, store } = node
  const known = prev === null ? new Set<Commit>() : new Set(oracle.before(prev)).add(prev)
  const fresh = [...store].filter((it) => !known.has(it))
  const covered = new Set(fresh.flatMap((it) => [it.prev, ...it.seen]))
  const seen = fresh.filter((it) => !covered.has(it) && it.device !== device)
  const epoch = cites === 'before' && act === null && prev !== null ? prev.epoch : tip.id
  return commitOf({ device, prev, seen, epoch, act })
}

export function publish(mesh: Mesh, node: Node, commit: Commit): void {
  mesh.oracle.add(commit)
  node.store.add(commit)
  node.head = commit
}

/** Writes the act if it is valid. */
export function writeValid(mesh: Mesh, node: Node, act: Act): boolean {
  const commit = draft(mesh, node, tipOf(mesh, node.store), act)
  if (!mesh.oracle.isValid(commit)) return false
  publish(mesh, node, commit)
  return true
}

export function areInTouch({ parts }: Mesh, one: Node, other: Node): boolean {
  return !one.isLost && !other.isLost && parts.get(one.device) === parts.get(other.device)
}

/** Gives one what the other has; a hostile one shows a part of it. */
export function exchange(mesh: Mesh, from: Node, to: Node): void {
  if (from === to || !areInTouch(mesh, from, to)) return
  if (!from.isHostile) return receive(to, from.store)
  const shown = [...from.store].filter((it) => !from.withheld.has(it) && mesh.draw.chance(70))
  receive(to, shown)
}

/** Takes these in with all that they acknowledge. */
export function receive(node: Node, commits: Iterable<Commit>): void {
  const open: (Commit | null)[] = [...commits].filter((it) => !node.store.has(it))
  // What is stored is stored with all before it.
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === null || node.store.has(at)) continue
    node.store.add(at)
    open.push(at.prev, ...at.seen)
  }
}

/** Whether a quorum of the epoch's stewards is in one part with the node. */
export function hasQuorumInTouch(mesh: Mesh, node: Node, epoch: Epoch): boolean {
  const there = mesh.nodes.filter(
    (it) => areInTouch(mesh, node, it) && stewardOf(epoch, it.device) !== undefined,
  )
  return there.length >= mesh.oracle.quorum(epoch)
}

/** Stewards of an epoch whose own chains part, in everything there is. */
export function doubleSigners({ oracle, nodes }: Mesh, epoch: Epoch): number {
  return [...epoch.stewards.values()].filter((device) => {
    const node = nodes.find((it) => it.device === device)
    const own = [...oracle.commits].filter((it) => it.device === device)
    return node !== undefined && own.length > chainOf(node.head).length
  }).length
}
