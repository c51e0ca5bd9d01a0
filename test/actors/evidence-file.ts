import { encodeAuthorityEntries, encodeGenesis } from '#protocol/authority'
import { encodeCanonical } from '#protocol/encoding'
import { commitMessage, encodeHeader, signCommit } from '#protocol/commit'
import type { CommitRecord, Header, Section } from '#protocol/commit'
import { EvidenceOutline, carBlock, carStart, cborLink, commitBlocks, encodeIndex } from '#protocol/evidence'
import { INDEX_ROWS_MAX, indexRow } from '#protocol/evidence'
import type { BlockLink, EvidenceScope, IndexRow } from '#protocol/evidence'
import type { Signer } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'

const { sha256 } = nodeCrypto()
/** A Buffer compares as something else than the same bytes. */
const plainSha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(sha256(bytes))

/** The founding record of the sample co-op. */
export const SAMPLE_GENESIS: Uint8Array = encodeGenesis({
  name: 'North Market',
  kit: new Uint8Array(32).fill(1),
  device: nodeSigner(new Uint8Array(32).fill(1)).publicKey,
  memberName: 'Ada',
  deviceName: 'nas',
  quorum: 'two-thirds',
  recovery: 'member-quorum',
  slots: 256,
  nonce: new Uint8Array(16),
  timeMs: 1_700_000_000_000,
})

/** Id of the sample co-op. */
export const SAMPLE_COOP: Uint8Array = plainSha256(SAMPLE_GENESIS)

/** One block of an evidence file. */
export interface EvidencePart {
  kind: 'manifest' | 'genesis' | 'index' | 'header' | 'payload'
  link: BlockLink
  bytes: Uint8Array
}

/** A device of the sample co-op that writes what it is told to, be it wrong. */
export class Scribe {
  readonly signer: Signer
  readonly written: CommitRecord[] = []

  constructor(seed: number) {
    this.signer = nodeSigner(new Uint8Array(32).fill(seed))
  }

  /** Writes behind the last commit unless `draft` says otherwise. */
  write(sections: readonly Section[] = [], draft: Partial<Header> = {}): CommitRecord {
    const { publicKey: device } = this.signer
    const last = this.written.at(-1)
    const [seq, prev] = last === undefined ? [0, null] : [last.header.seq + 1, last.id]
    const fields = { coop: SAMPLE_COOP, device, seq, prev, epoch: SAMPLE_COOP, seen: [], timeMs: 5, ...draft }
    const record = signCommit(fields, sections, { signer: this.signer, sha256: plainSha256 })
    this.written.push(record)
    return record
  }

  /** Signs a header whatever it says; the payloads stand beside it as they are. */
  sign(header: Header, payloads: CommitRecord['payloads']): CommitRecord {
    const headerBytes = encodeHeader(header)
    const id = plainSha256(headerBytes)
    const signature = this.signer.sign(commitMessage(id))
    return { id, header, headerBytes, signature, payloads, bytes: headerBytes }
  }
}

/** The acknowledgement of a commit. */
export function headOf(record: CommitRecord): Header['seen'][number] {
  return { device: record.header.device, seq: record.header.seq, id: record.id }
}

/** The same commit with a signature that says nothing. */
export function spoilt(record: CommitRecord): CommitRecord {
  return { ...record, signature: new Uint8Array(64).fill(7) }
}

/** Six commits of two devices: five payloads of both forms, one signature spoilt. */
export function sampleCommits(): CommitRecord[] {
  const [nas, till] = [new Scribe(1), new Scribe(2)]
  const genesis = encodeAuthorityEntries([
    { t: 'genesis', record: SAMPLE_GENESIS, certificate: new Uint8Array(64) },
  ])
  const board = encodeCanonical([0, Uint8Array.of(1, 2, 3)])
  const catalogue = Uint8Array.of(0xff, 1)
  const founding = nas.write([{ document: 'authority', entries: 1, payload: genesis }])
  const first = till.write([], { seen: [headOf(founding)] })
  const second = till.write([
    { document: 'board/menu', entries: 1, payload: board },
    { document: 'catalogue', entries: 2, payload: catalogue },
  ])
  const empty = nas.write([{ document: 'board/menu', entries: 1, payload: new Uint8Array() }])
  const third = till.write([], { seen: [headOf(empty)] })
  const last = nas.write([{ document: 'board/menu', entries: 1, payload: board }], { seen: [headOf(third)] })
  return [founding, spoilt(first), second, empty, third, last]
}

/** The blocks of an evidence file about these commits, in order. `edit` may tell lies in its index. */
export function evidenceParts(
  records: readonly CommitRecord[],
  options: { scope?: EvidenceScope; edit?: (rows: IndexRow[]) => void; genesis?: Uint8Array } = {},
): EvidencePart[] {
  const { scope = { document: null, device: null }, genesis = SAMPLE_GENESIS } = options
  const rows = records.map((record) => indexRow(record, scope.document))
  options.edit?.(rows)
  const outline = new EvidenceOutline(sha256)
  for (const row of rows) outline.add(row)
  const { root, manifest, indexes } = outline.finish(plainSha256(genesis), scope)
  const parts: EvidencePart[] = [
    { kind: 'manifest', link: root, bytes: manifest },
    { kind: 'genesis', link: cborLink(plainSha256(genesis)), bytes: genesis },
  ]
  for (const [i, link] of indexes.entries()) {
    const start = i * INDEX_ROWS_MAX
    const group = rows.slice(start, start + INDEX_ROWS_MAX)
    parts.push({ kind: 'index', link, bytes: encodeIndex(group) })
    for (const [k, row] of group.entries()) {
      const record = records[start + k]
      if (record === undefined) continue
      for (const [n, block] of commitBlocks(record, row).entries())
        parts.push({ kind: n === 0 ? 'header' : 'payload', ...block })
    }
  }
  return parts
}

/** The file of these blocks; the first is its root unless another is named. */
export function evidenceFile(parts: readonly EvidencePart[], root?: BlockLink): Uint8Array {
  const named = root ?? parts[0]?.link
  if (named === undefined) throw new Error('no block')
  return new Uint8Array(
    Buffer.concat([carStart(named), ...parts.map(({ link, bytes }) => carBlock(link, bytes))]),
  )
}
