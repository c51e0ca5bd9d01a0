import type { RandomStream } from '../kernel/index.ts'
import type { Topology } from '../network/index.ts'
import type { WorldConfig } from './world-config.ts'

/** Who stands where. */
export interface Roles {
  /** Members, the founder first. */
  readonly members: readonly number[]
  readonly readers: readonly number[]
  /** People who are admitted while it runs. */
  readonly joiners: readonly number[]
  readonly forkers: readonly number[]
  /** Pairs. */
  readonly colluders: readonly (readonly [number, number])[]
  readonly liars: readonly number[]
  readonly stallers: readonly number[]
  readonly flooders: readonly number[]
  /** Places for clones. */
  readonly spares: readonly number[]
}

/** Draws that are tried before adversaries may cut honest nodes off from each other. A guess. */
const ATTEMPTS_MAX = 50

/** Draws who stands where, so that honest places reach each other without the others where that can be. */
export function drawRoles(config: WorldConfig, topology: Topology, random: RandomStream): Roles {
  const { adversaries, faults, members } = config
  const { forkers, colluders, liars, stallers, flooders } = adversaries
  const others = forkers + 2 * colluders + liars + stallers + flooders + faults.clones
  const joining = config.authority?.joiners ?? 0
  if (others + members + joining > topology.nodes)
    throw new RangeError(
      `${members} members and ${others + joining} others do not fit ${topology.nodes} places`,
    )
  const places = Array.from({ length: topology.nodes }, (_, place) => place)
  for (let attempt = 1; ; attempt += 1) {
    random.shuffle(places)
    if (attempt >= ATTEMPTS_MAX || isConnected(topology, places.slice(others))) break
  }
  let at = 0
  const take = (count: number): number[] => places.slice(at, (at += count))
  const pairs = take(2 * colluders)
  const colluding = Array.from(
    { length: colluders },
    (_, i) => [pairs[2 * i] ?? 0, pairs[2 * i + 1] ?? 0] as const,
  )
  const roles = {
    forkers: take(forkers),
    liars: take(liars),
    stallers: take(stallers),
    flooders: take(flooders),
  }
  const spares = take(faults.clones)
  const honest = places.slice(at)
  const joiners = config.authority?.joiners ?? 0
  return {
    ...roles,
    colluders: colluding,
    spares,
    members: honest.slice(0, members),
    joiners: honest.slice(members, members + joiners),
    readers: honest.slice(members + joiners),
  }
}

/** Some of these places, connected among themselves: grown from `start`, or from a random one. */
export function drawCore(
  topology: Topology,
  places: readonly number[],
  init: { size: number; random: RandomStream; start?: number | undefined },
): number[] {
  const free = new Set(places)
  const start = init.start ?? init.random.pick(places)
  const core = [start]
  const edge = [start]
  free.delete(start)
  while (core.length < init.size && edge.length > 0) {
    const node = edge[init.random.below(edge.length)] as number
    const next = [...topology.peersOf(node)].filter((peer) => free.has(peer))
    if (next.length === 0) {
      edge.splice(edge.indexOf(node), 1)
      continue
    }
    const peer = init.random.pick(next)
    free.delete(peer)
    core.push(peer)
    edge.push(peer)
  }
  return core.sort((a, b) => a - b)
}

function isConnected(topology: Topology, places: readonly number[]): boolean {
  const free = new Set(places)
  const todo = places.slice(0, 1)
  for (const place of todo) free.delete(place)
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    for (const peer of topology.peersOf(node)) if (free.delete(peer)) todo.push(peer)
  }
  return free.size === 0
}
