import { readdir } from 'node:fs/promises'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { equalBytes, toHex } from '#protocol/encoding'
import { leafCount } from '#protocol/asset'
import type { ReportLine, SeenCommit } from './report.ts'
import type { ChainHead } from './scripted-coop.ts'
import type { TestDevice } from './test-device.ts'

/** Records that a fresh replica takes at a time, as they would come from a peer. */
const INGEST_BATCH = 500

/** What one opened folder holds. */
export interface Inspection {
  lines: ReportLine[]
  records: CommitRecord[]
  /** The last commit of each chain, by device key in hex. */
  heads: Map<string, ChainHead>
}

/**
 * Reads everything through the engine and checks what needs no memory of earlier: every chain links, the stored
 * records alone give the very states that the device shows (where it is to be thorough: that folds everything twice),
 * every asset on the index has its right bytes.
 */
export async function inspect(device: TestDevice, isThorough = true): Promise<Inspection> {
  const faults: string[] = []
  const records = await readAll(device)
  const { logLength } = device.engine.replica
  if (records.length < logLength) faults.push(`${records.length} of ${logLength} commits can be read`)
  const heads = linkedHeads(records, faults)
  if (isThorough) await compareStates(device, records, faults)
  const lines: ReportLine[] = records.map((record) => ({ t: 'found', ...seenCommit(device, record) }))
  for (const cid of await wholeAssets(device, faults)) lines.push({ t: 'found-asset', cid })
  for (const { code, severity, message } of device.store.findings.all()) {
    lines.push({ t: 'finding', code, severity })
    // No crash damages what was synced: nothing can be lost, nothing has to be fetched, and saved books go with their log.
    const isFault = severity === 'lost' || severity === 'pending' || code === 'saved-books'
    if (isFault) faults.push(`the store says: ${code}: ${message}`)
  }
  lines.push(...faults.map((text): ReportLine => ({ t: 'fault', text })))
  lines.push({ t: 'checked', note: await device.readNote() })
  return { lines, records, heads }
}

/** A record in the form of a report. */
export function seenCommit(device: TestDevice, record: CommitRecord): SeenCommit {
  const { sha256 } = device.coop.crypto
  const hash = toHex(sha256(record.bytes))
  return { device: toHex(record.header.device), seq: record.header.seq, id: toHex(record.id), hash }
}

async function readAll(device: TestDevice): Promise<CommitRecord[]> {
  const { engine } = device
  const records: CommitRecord[] = []
  for (;;) {
    const { length } = records
    const orders = Array.from({ length: engine.replica.logLength - length }, (_, i) => length + i)
    const part = orders.length === 0 ? [] : await engine.read(orders)
    if (part.length === 0) return records
    records.push(...part)
  }
}

function linkedHeads(records: readonly CommitRecord[], faults: string[]): Map<string, ChainHead> {
  const heads = new Map<string, ChainHead>()
  for (const { header, id } of records) {
    const author = toHex(header.device)
    const head = heads.get(author)
    const place = `${author}/${header.seq}`
    if (header.seq !== (head?.seq ?? -1) + 1) faults.push(`gap: ${place} follows ${head?.seq ?? 'nothing'}`)
    else if (head !== undefined && !(header.prev !== null && equalBytes(header.prev, head.id)))
      faults.push(`fork: ${place} does not link to what is stored before it`)
    heads.set(author, { seq: header.seq, id })
  }
  return heads
}

/** Folds the records in a fresh replica and compares: whatever else the store keeps must say the same. */
async function compareStates(
  device: TestDevice,
  records: readonly CommitRecord[],
  faults: string[],
): Promise<void> {
  const { coop, crypto, signer } = device.coop
  const fresh = openReplica({ coop, crypto, signer })
  for (let at = 0; at < records.length; at += INGEST_BATCH) {
    const { refused } = fresh.ingest(records.slice(at, at + INGEST_BATCH))
    for (const { record, refusal } of refused)
      faults.push(`a fresh replica refuses commit ${toHex(record.id)}: ${refusal}`)
  }
  const theirs: Record<string, string> = { heads: toHex(fresh.heads.root()) }
  for (const id of fresh.documentIds()) theirs[id] = toHex(fresh.document(id)?.stateHash() ?? NONE)
  const ours = await statesOf(device)
  for (const states of [ours.summaries, ours.opened]) {
    if (JSON.stringify(states) === JSON.stringify(theirs)) continue
    faults.push(`states: ${JSON.stringify(states)} on the device, ${JSON.stringify(theirs)} from its records`)
  }
}

/** State hashes as the device tells them without opening a document, and with all of them open. */
async function statesOf(device: TestDevice): Promise<Record<'summaries' | 'opened', Record<string, string>>> {
  const { engine } = device
  const summaries: Record<string, string> = { heads: toHex(engine.replica.heads.root()) }
  const opened: Record<string, string> = { ...summaries }
  for (const id of engine.replica.documentIds()) {
    summaries[id] = toHex((await engine.summary(id)).stateHash)
    opened[id] = toHex((await engine.open(id))?.stateHash() ?? NONE)
  }
  return { summaries, opened }
}

const NONE = new Uint8Array(32)

/** CIDs of the files under `assets/` that are whole and known to the index. */
async function wholeAssets(device: TestDevice, faults: string[]): Promise<string[]> {
  const { assets, folder } = device
  if (assets === null) return []
  const whole: string[] = []
  for (const cid of new Set([...(await readdir(folder.assetsPath)), ...(await assets.held())])) {
    const asset = await assets.get(cid)
    if (asset === null) {
      // Bytes whose entry was not written are nobody's: adding them again takes their place.
      if (await assets.isHeld(cid)) faults.push(`asset ${cid} is noted as held and has no entry`)
      continue
    }
    if (asset.kind === 'file' && !(await assets.isOnDisk(asset))) {
      faults.push(`asset ${cid} has an entry and not all its bytes`)
      continue
    }
    if (asset.kind === 'file') {
      const handle = await assets.openFile(cid)
      try {
        for (let index = 0; index < leafCount(asset.sizeBytes); index += 1)
          await assets.readCheckedLeaf(asset, handle, index)
      } catch (cause) {
        faults.push(`asset ${cid}: ${String(cause)}`)
      } finally {
        await handle.close()
      }
    }
    whole.push(cid)
  }
  return whole
}
