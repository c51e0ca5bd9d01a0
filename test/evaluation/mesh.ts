import type { Define, VoidReason } from '#protocol/evaluation'
import type { Choices } from './choices.ts'
import { define } from './acts.ts'
import { World } from './world.ts'
import type { Store } from './world.ts'

/** A generated history with the device that each store belongs to. */
export interface Mesh {
  readonly world: World
  readonly choices: Choices
  readonly isHostile: readonly boolean[]
  /** Devices of stewards. At most one is hostile. */
  readonly stewards: readonly number[]
  /** Stewards who sign anything. */
  readonly isDouble: readonly boolean[]
  /** Units with who makes each known. */
  readonly units: readonly PlannedUnit[]
  readonly stores: readonly Store[]
  /** Part of the net that each device is in; parts are cut off from each other. */
  parts: number[]
  /** Seals that each steward has signed, by parent. */
  readonly signed: readonly Set<number>[]
  /** Why honest devices did not sign what they were asked to. */
  readonly refused: Set<VoidReason>
}

/** A unit that its maker will define. */
export interface PlannedUnit {
  readonly maker: number
  readonly define: Define
}

/** Four or five devices, up to two of them hostile, cut into two parts. */
export function newMesh(choices: Choices, areAllHonest: boolean = false): Mesh {
  const count = 4 + choices.below(2)
  const devices = [...Array(count).keys()]
  const stewards = [0, 1, 2]
  const hostile = choices.shuffled(devices).slice(0, choices.pick([0, 1, 1, 2, 2]))
  const isDouble = devices.map((device) => hostile.includes(device))
  const spare = stewards.filter((device) => isDouble[device]).slice(1)
  for (const device of spare) isDouble[device] = false
  const founding = devices.flatMap((device) => [
    { device, unit: 'eur', amount: 10n },
    ...(device % 2 === 0 ? [{ device, unit: 'seat', amount: 2n }] : [{ device, unit: 'eur=', amount: 4n }]),
  ])
  const relayMax = (): number | null => choices.pick([null, 0, 2, 5])
  const units = [
    { maker: 0, define: define('eur', 0, relayMax()) },
    { maker: 0, define: define('seat', choices.below(3), relayMax()) },
    { maker: choices.below(count), define: define('stock', 1 + choices.below(20), relayMax()) },
  ]
  return {
    world: new World(count, founding, choices.chance(65)),
    choices,
    isHostile: isDouble.map((it) => it && !areAllHonest),
    stewards,
    isDouble,
    units,
    stores: devices.map(() => ({ commits: new Set<number>(), seals: new Set([0]) })),
    parts: devices.map(() => choices.below(2)),
    signed: devices.map(() => new Set<number>()),
    refused: new Set(),
  }
}

/** Sends what one device stores to another; a hostile one shows a part of it. */
export function exchange({ world, choices, isHostile, stores, parts }: Mesh, from: number, to: number): void {
  const [source, target] = [stores[from] as Store, stores[to] as Store]
  if (from === to || parts[from] !== parts[to]) return
  const commits = [...source.commits]
  if (!isHostile[from]) {
    for (const id of commits) world.addCommit(target, id)
    for (const id of source.seals) world.addSeal(target, id)
    return
  }
  const heads = world.headsOf(commits, from)
  for (let shown = 1 + choices.below(3); shown > 0 && commits.length > 0; shown -= 1) {
    const isHead = heads.length > 0 && choices.chance(60)
    world.addCommit(target, choices.pick(isHead ? heads : commits))
  }
  for (const id of source.seals) if (choices.chance(50)) world.addSeal(target, id)
}

/** Forks that a store shows: two commits of one device and seq, of the lowest seq. */
export function storedForks(
  world: World,
  store: Store,
): Map<number, { seq: number; commits: [number, number] }> {
  const met = new Map<string, number>()
  const forks = new Map<number, { seq: number; commits: [number, number] }>()
  for (const id of [...store.commits].sort((a, b) => a - b)) {
    const { device, seq } = world.at(id)
    const rival = met.get(`${device}/${seq}`)
    met.set(`${device}/${seq}`, id)
    if (rival !== undefined && seq < (forks.get(device)?.seq ?? Infinity))
      forks.set(device, { seq, commits: [rival, id] })
  }
  return forks
}
