import { setTimeout as sleep } from 'node:timers/promises'
import { bucketPlaces } from '#protocol/event'
import type { EventState } from '#protocol/event'
import { fromHex } from '#protocol/encoding'
import type { LedgerEntry } from '#protocol/ledger'
import { shownText } from '#apps/shown-text'
import { CoopError } from '#node/errors'
import type { DeviceName } from '../roster-names.ts'
import type { EventParts } from './event-parts.ts'
import { bucketStateOf } from './event-views.ts'
import type { BucketStateName } from './event-views.ts'

/** Buckets that one commit hands over: far from the limits of a commit. */
const BUCKETS_AT_ONCE = 500
/** How long a device that is in reach may take to say that it has what it was handed. A guess: most take half a second. */
const THERE_MS = 5_000

/** A bucket that was not handed over, since it is not here. */
export interface BucketElsewhere {
  bucket: string
  group: string
  holder: DeviceName | null
  state: BucketStateName
}

/** What handing over did. */
export interface HandedView {
  /** Buckets that this device handed over now. */
  buckets: string[]
  /** The last commit that did; null when nothing was left to do. */
  commit: string | null
  /** True when all that was asked for had been handed to that device before. */
  isRepeat: boolean
  /** True when that device has them, and has said so. Until then this device must stay in its reach. */
  isThere: boolean
  /** Those that other devices hold, or are on their way to: to be handed over there. */
  elsewhere: BucketElsewhere[]
}

/**
 * Hands buckets over to a device, with what was admitted from them: of one gate group, or all that are here. What was handed
 * over stays so if it is cut off in the middle; the same again goes on from there.
 */
export async function handBuckets(
  parts: EventParts,
  state: EventState,
  { group, device }: { group?: string | undefined; device: string },
): Promise<HandedView> {
  const { node, own, reachable } = parts
  const to = node.ledger.names.findDevice(device)
  const key = fromHex(to)
  if (to === own || key === null)
    throw new CoopError('usage', 'this device would hand to itself', 'Name another: `coop members`.')
  if (node.membership.engine.replica.authority.statusOf(to) !== 'active')
    throw new CoopError(
      'refused',
      `${node.ledger.names.deviceText(to)} is suspended or no longer in the co-op: nobody could use what it is handed`,
      'Name another: `coop members`.',
    )
  const wanted = wantedOf(state, group)
  const held = wanted.filter((it) => parts.holds(it.bucket) >= 1n).map((it) => it.bucket)
  let commit: string | null = null
  for (let at = 0; at < held.length; at += BUCKETS_AT_ONCE) {
    const entries = held
      .slice(at, at + BUCKETS_AT_ONCE)
      .map((unit): LedgerEntry => ({ t: 'transfer', to: key, unit, amount: 1n }))
    commit = (await node.ledger.append(entries)).commit
  }
  // Its own acceptance says that it has what it was handed.
  const handed = bucketPlaces(state)
    .filter((it) => it.holder === to && wanted.some(({ bucket }) => bucket === it.bucket))
    .map((it) => it.bucket)
  if (held.length === 0 && handed.length === 0)
    throw new CoopError(
      'not-covered',
      group === undefined
        ? 'this device holds no bucket of the event'
        : `this device holds no bucket of '${shownText(group.slice(0, 80))}'`,
      'Run `coop event show EVENT` to see who does.',
    )
  const isThere = await areThere(parts, { to, buckets: handed, waitMs: reachable.has(to) ? THERE_MS : 0 })
  const elsewhere = wantedOf(state, group).filter(
    (it) => it.holder !== to && !held.includes(it.bucket) && parts.holds(it.bucket) < 1n,
  )
  return {
    ...{ buckets: held, commit, isRepeat: held.length === 0, isThere },
    elsewhere: elsewhere.map(({ bucket, group: of, holder, isLost }) => ({
      ...{ bucket, group: shownText(of), holder: holder === null ? null : node.ledger.names.device(holder) },
      state: bucketStateOf({ holder, isLost, isHere: false }, { own, reachable }),
    })),
  }
}

/** Fetches buckets of a gate group from devices in reach. */
export async function takeBuckets(
  parts: EventParts,
  state: EventState,
  group: string,
): Promise<{ taken: string[]; missing: string[] }> {
  const wanted = wantedOf(state, group).map((it) => it.bucket)
  const taken: string[] = []
  for (const unit of wanted) {
    if (parts.holds(unit) >= 1n) continue
    await parts.node.rights.take(unit, { amount: '1' })
    if (parts.holds(unit) >= 1n) taken.push(unit)
  }
  return { taken, missing: wanted.filter((it) => parts.holds(it) < 1n) }
}

function wantedOf(state: EventState, group: string | undefined): ReturnType<typeof bucketPlaces> {
  const wanted = bucketPlaces(state).filter((it) => group === undefined || it.group === group)
  if (wanted.length > 0) return wanted
  throw new CoopError(
    'event-unknown',
    group === undefined
      ? 'the event has no buckets'
      : `the event has no gate group '${shownText(group.slice(0, 80))}'`,
    'Run `coop event show EVENT`.',
  )
}

async function areThere(
  parts: EventParts,
  { to, buckets, waitMs }: { to: string; buckets: readonly string[]; waitMs: number },
): Promise<boolean> {
  for (const untilMs = performance.now() + waitMs; ; await sleep(20)) {
    if (buckets.every((it) => parts.ledger.books.inFlightTo(to, it) === 0n)) return true
    if (performance.now() >= untilMs || parts.node.mesh === null) return false
  }
}
