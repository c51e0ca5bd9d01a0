import type { CommitRecord } from '#protocol/commit'
import type { Role } from '#protocol/document'
import { toHex } from '#protocol/encoding'
import { cborLink, linkText } from '#protocol/evidence'
import { deviceText } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import type { Suspension } from '#node/engine'
import { suspensionView } from './suspension-view.ts'
import type { SuspensionView } from './suspension-view.ts'
import { shownTime } from './shown-time.ts'

/** A device with the names that its admission gave it; null for one that was never admitted. */
export interface DeviceView {
  /** PeerId. */
  device: string
  member: string | null
  name: string | null
}

/** What `coop commit show` shows. */
export interface CommitView {
  id: string
  /** The header as a block of an evidence file. */
  cid: string
  author: DeviceView & { role: Role | null }
  seq: number
  prev: string | null
  epoch: string
  /** The author's clock; no rule judges it. */
  timeMs: number
  seen: (DeviceView & { seq: number; id: string })[]
  sections: { document: string; entries: number; bytes: number; hash: string; isHere: boolean }[]
  headerBytes: number
  recordBytes: number
  signature: string
  /** Its place in this node's log, from 0; other nodes have others. */
  order: number
  /** Devices whose own chains acknowledge it, as far as this node has heard. */
  acknowledgedBy: DeviceView[]
  /** Other commits of its device with its seq: the device signed two histories. */
  forkedWith: string[]
  /** Why it is contested: its device wrote two histories, and it is at or behind the place where they part. Else null. */
  contested: SuspensionView | null
  /** The whole record, base64. */
  record: string
}

/** The view of a stored commit; `suspension` is that of its device. */
export function commitView(
  replica: Replica,
  order: number,
  record: CommitRecord,
  suspension: Suspension | null,
): CommitView {
  const { history } = replica
  const { header, headerBytes, id, signature, bytes, payloads } = record
  const author = history.deviceOf(order)
  const forked = history.branchesOf(author).map((branch) => branch.at(header.seq))
  const others = Array.from({ length: history.deviceCount }, (_, device) => device).filter(
    (it) => it !== author,
  )
  const knowing = others.filter((device) => history.endsOf(device).some((end) => history.knows(end, order)))
  return {
    id: toHex(id),
    cid: linkText(cborLink(id)),
    author: {
      ...deviceView(replica, header.device),
      role: replica.authority.devices.get(toHex(header.device))?.role ?? null,
    },
    seq: header.seq,
    prev: header.prev === null ? null : toHex(header.prev),
    epoch: toHex(header.epoch),
    timeMs: shownTime(header.timeMs),
    seen: header.seen.map((it) => ({ ...deviceView(replica, it.device), seq: it.seq, id: toHex(it.id) })),
    sections: header.sections.map(({ document, entries, length, hash }, i) => {
      return { document, entries, bytes: length, hash: toHex(hash), isHere: (payloads[i] ?? null) !== null }
    }),
    headerBytes: headerBytes.length,
    recordBytes: bytes.length,
    signature: toHex(signature),
    order,
    acknowledgedBy: knowing.map((device) => deviceView(replica, history.keyOf(device))),
    forkedWith: [...new Set(forked)]
      .filter((it) => it >= 0 && it !== order)
      .map((it) => toHex(history.idOf(it))),
    contested: suspension !== null && header.seq >= suspension.seq ? suspensionView(suspension) : null,
    record: Buffer.from(bytes).toString('base64'),
  }
}

function deviceView(replica: Replica, key: Uint8Array): DeviceView {
  const entry = replica.authority.devices.get(toHex(key))
  return { device: deviceText(key), member: entry?.memberName ?? null, name: entry?.deviceName ?? null }
}
