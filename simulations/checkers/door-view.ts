import type { CommitRecord } from '#protocol/commit'
import { EventState, readEventSection } from '#protocol/event'
import type { EventDocumentEntry } from '#protocol/event'
import { toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import type { CheckedWorld } from './checker.ts'
import type { DoorView } from './trade-view.ts'

/** Somebody who went in or out, by the bytes of the commit that says so. */
export interface ShownPass {
  /** Commit and place in it. */
  readonly name: string
  readonly device: string
  readonly way: 'in' | 'out'
  readonly mode: 'held' | 'open' | 'override'
  readonly seat: string
  readonly bucket: string
  readonly hasRoom: boolean
}

const read = new WeakMap<CommitRecord, readonly ShownPass[]>()

/** What a commit says of people at the gates of an event. */
export function passesIn(record: CommitRecord, { event }: DoorView): readonly ShownPass[] {
  const known = read.get(record)
  if (known !== undefined) return known
  const { sections, device } = record.header
  const at = sections.findIndex((it) => it.document === event)
  const payload = record.payloads[at] ?? null
  const entries = payload === null ? null : readEventSection(payload, sections[at]?.entries ?? 0)
  const passes = (entries ?? []).flatMap((entry, i) =>
    shownIn(entry, `${toHex(record.id)}/${i}`, toHex(device)),
  )
  read.set(record, passes)
  return passes
}

function shownIn(entry: EventDocumentEntry, name: string, device: string): ShownPass[] {
  if (entry.t !== 'pass') return []
  const { way, mode, seat, bucket, room } = entry
  return [{ name, device, way, mode, seat: toHex(seat), bucket, hasRoom: room !== null }]
}

/** Who went in or out at gates that follow the protocol, as soon as it was safe. */
export function safePasses({ books, nodes }: CheckedWorld, doors: DoorView): ShownPass[] {
  const honest = new Set(nodes.map((it) => it.device))
  return books.acknowledgements.flatMap(({ record }) =>
    passesIn(record, doors).filter((it) => honest.has(it.device)),
  )
}

/** The event as a node shows it; null before it has heard of it, and while its books lag. */
export function eventOf({ replica }: SimNode, { event }: DoorView): EventState | null {
  if (replica === null || replica.epochs.length < replica.history.length) return null
  const state = replica.document(event)
  return state instanceof EventState ? state : null
}

/** True where a device that follows the protocol wrote two histories, since its disk was put back. */
export function areDisksOld({ nodes }: CheckedWorld): boolean {
  return nodes.some((it) => it.isRestored)
}
