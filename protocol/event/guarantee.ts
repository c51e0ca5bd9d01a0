import type { History } from '../history/index.ts'
import type { EventState } from './event-state.ts'
import type { Pass } from './seats.ts'

/** Where a bucket is. */
export interface BucketPlace {
  bucket: string
  group: string
  /** Device that holds it, hex, or to which it is on its way; null for one that nobody holds. */
  holder: string | null
  isLost: boolean
}

/** What a gate can promise now, and how much of what was sold it can admit by itself. */
export interface Guarantee {
  /** Devices that hold buckets which are not lost, and this one. */
  gates: string[]
  /** Those of them that this device reaches, and this one. */
  reachable: string[]
  /** Sold tickets of exclusive classes of the gate's own group, and how many of them are in buckets that it holds. */
  own: { sold: number; canAdmit: number }
  /** The same of all other groups. */
  others: { sold: number; canAdmit: number }
  /** Sold tickets of open classes, and those of lost gates: any gate admits them, twice if it cannot hear the others. */
  open: number
  /** Buckets of lost gates, and how many of the open tickets are in them. */
  lost: { buckets: number; sold: number }
}

/** Where the buckets of an event are. */
export function bucketPlaces(state: EventState): BucketPlace[] {
  return state.buckets().map(({ unit, group }) => ({
    ...{ bucket: unit, group, holder: bucketHolder(state, unit), isLost: state.isLost(unit) },
  }))
}

/** Device (hex) that holds a bucket, or to which it is on its way; null for one that nobody holds. */
export function bucketHolder({ books }: EventState, bucket: string): string | null {
  const [holder] = [...books.devicesHolding(bucket)].filter(([, amount]) => amount > 0n)
  return holder?.[0] ?? books.devicesOf(bucket).find((it) => books.inFlightTo(it, bucket) > 0n) ?? null
}

/**
 * What a gate can promise.
 *
 * @param gate - this device (hex), its gate group, and the devices that it reaches
 */
export function guaranteeOf(
  state: EventState,
  gate: { device: string; group: string; reachable: ReadonlySet<string> },
): Guarantee {
  const places = bucketPlaces(state)
  const holders = places.flatMap(({ holder, isLost }) => (holder === null || isLost ? [] : [holder]))
  const gates = [...new Set([gate.device, ...holders])].sort()
  const { soldOfBoth } = state.tally()
  const policies = new Map(state.classes().map((it) => [it.unit, it.policy]))
  const sums = { own: { sold: 0, canAdmit: 0 }, others: { sold: 0, canAdmit: 0 } }
  const byBucket = new Map(places.map((it) => [it.bucket, it]))
  let open = 0
  const lost = { buckets: places.filter((it) => it.isLost).length, sold: 0 }
  for (const [key, sold] of soldOfBoth) {
    const [bucket = '', unit = ''] = key.split(' ')
    const place = byBucket.get(bucket)
    if (policies.get(unit) === 'open' || place?.isLost === true) {
      open += sold
      if (place?.isLost === true) lost.sold += sold
      continue
    }
    const sum = place?.group === gate.group ? sums.own : sums.others
    sum.sold += sold
    if (place?.holder === gate.device) sum.canAdmit += sold
  }
  const reachable = gates.filter((it) => it === gate.device || gate.reachable.has(it))
  return { gates, reachable, ...sums, open, lost }
}

/**
 * Open admissions by a device of which not all other gates have heard, as far as it knows: what a double could be among. Gates
 * whose buckets are all lost are not waited for.
 *
 * @param newestOf - order of the newest commit of a device (hex) that is known here; -1 for none
 * @param most - no more are counted
 */
export function exposureOf(
  passes: readonly Pass[],
  {
    history,
    gates,
    device,
    classUnit,
    newestOf,
    most,
  }: {
    history: History
    gates: readonly string[]
    device: string
    classUnit: string
    newestOf: (device: string) => number
    most: number
  },
): number {
  const others = gates.filter((it) => it !== device).map(newestOf)
  if (others.length === 0) return 0
  let count = 0
  // The newest first: once all others know one they know all before it, which are on one chain.
  for (let i = passes.length - 1; i >= 0 && count < most; i -= 1) {
    const pass = passes[i]
    if (pass === undefined || pass.device !== device || pass.mode !== 'open' || pass.way !== 'in') continue
    if (others.every((head) => head >= 0 && history.knows(head, pass.order))) break
    if (pass.class === classUnit && pass.undone === null) count += 1
  }
  return count
}
