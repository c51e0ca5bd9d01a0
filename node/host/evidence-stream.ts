import { commitMessage } from '#protocol/commit'
import { concatBytes, equalBytes } from '#protocol/encoding'
import {
  EvidenceOutline,
  INDEX_ROWS_MAX,
  carBlock,
  carStart,
  cborLink,
  commitBlocks,
  encodeIndex,
  indexRow,
  linkText,
} from '#protocol/evidence'
import type { EvidenceScope, IndexRow, Outline } from '#protocol/evidence'
import type { Sha256 } from '#protocol/identity'
import { CoopError } from '#node/errors'
import { readCommit, readCommits } from './commit-source.ts'
import type { CommitSource } from './commit-source.ts'

/** Bytes that are put together before they are handed on: small pieces would cost more than they carry. */
const PIECE_BYTES = 65_536

/** An evidence file that is about to be written. */
export interface EvidenceFile {
  /** CID of its root block. */
  root: string
  commits: number
  /** The file, piece by piece. */
  pieces: AsyncGenerator<Uint8Array>
}

/** What an export is made from. */
export interface EvidenceOrigin {
  source: CommitSource
  sha256: Sha256
  /** The co-op's founding record. */
  genesis: Uint8Array
}

/**
 * Prepares the export of all commits that are here now (docs/protocol/evidence.md): reads them once, so that the root
 * is known; `pieces` reads them again and writes. Commits at the end of a chain whose signature was spoilt on the way
 * stay out, since nothing in the file would prove them.
 */
export async function openEvidence(origin: EvidenceOrigin, scope: EvidenceScope): Promise<EvidenceFile> {
  const { source, sha256 } = origin
  const orders = await provenOrders(source, scope.device)
  if (orders.length === 0) {
    throw new CoopError(
      'commit-unknown',
      'no commit of this device is here',
      'Run `coop members` to see the devices and how many commits of each are here.',
    )
  }
  const outline = new EvidenceOutline(sha256)
  for await (const record of readCommits(source, orders)) {
    if (outline.add(indexRow(record, scope.document))) continue
    throw new CoopError(
      'refused',
      'one file cannot hold so many commits',
      'Export one device at a time: --device KEY.',
    )
  }
  const whole = outline.finish(source.replica.coop, scope)
  const plan = { orders, outline: whole, document: scope.document }
  return { root: linkText(whole.root), commits: whole.commits, pieces: gathered(writeBlocks(origin, plan)) }
}

/** The file's bytes in the order of docs/protocol/evidence.md. */
async function* writeBlocks(
  origin: EvidenceOrigin,
  plan: { orders: readonly number[]; outline: Outline; document: string | null },
): AsyncGenerator<Uint8Array> {
  const { source, sha256, genesis } = origin
  const { orders, outline, document } = plan
  yield carStart(outline.root)
  yield carBlock(outline.root, outline.manifest)
  yield carBlock(cborLink(source.replica.coop), genesis)
  for (const [i, link] of outline.indexes.entries()) {
    const group = orders.slice(i * INDEX_ROWS_MAX, (i + 1) * INDEX_ROWS_MAX)
    const rows: IndexRow[] = []
    for await (const record of readCommits(source, group)) rows.push(indexRow(record, document))
    const index = encodeIndex(rows)
    // The root promises these very bytes; after a rebuilding of the store other commits may stand here.
    if (!equalBytes(sha256(index), link.digest)) throw changedMeanwhile()
    yield carBlock(link, index)
    let at = 0
    for await (const record of readCommits(source, group)) {
      const row = rows[at]
      if (row === undefined || !equalBytes(row.id, record.id)) throw changedMeanwhile()
      for (const block of commitBlocks(record, row)) yield carBlock(block.link, block.bytes)
      at += 1
    }
  }
}

function changedMeanwhile(): CoopError {
  return new CoopError('internal', 'the log changed while it was exported', 'Run the export again.')
}

/** Small pieces put together. */
async function* gathered(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    length += piece.length
    if (length < PIECE_BYTES) continue
    yield concatBytes(...waiting)
    waiting = []
    length = 0
  }
  if (length > 0) yield concatBytes(...waiting)
}

/** Places in the log of all commits, or those of one device, that a good signature covers. */
async function provenOrders(source: CommitSource, device: Uint8Array | null): Promise<number[]> {
  const { history } = source.replica
  const wanted = device === null ? -1 : history.findDevice(device)
  if (device !== null && wanted < 0) return []
  const end = history.length
  const lengths = await provenLengths(source)
  const orders: number[] = []
  for (let order = 0; order < end; order += 1) {
    const branch = history.branchOf(order)
    const isWanted = device === null || branch.device === wanted
    if (isWanted && history.seqOf(order) < (lengths[branch.index] ?? 0)) orders.push(order)
  }
  return orders
}

/**
 * For each branch, by its index: its length up to the last commit that a good signature covers, on the branch itself
 * or on one that parted from it. Nearly always the last commit is signed well, so this reads one commit a branch.
 */
async function provenLengths(source: CommitSource): Promise<number[]> {
  const { history, rule } = source.replica
  // Lengths of now: what is added while this reads belongs to a later export.
  const branches = history.branches.map((branch) => ({ branch, length: branch.length }))
  const lengths: number[] = branches.map(() => 0)
  // A branch has a larger index than the one it parted from.
  for (const { branch, length } of branches.reverse()) {
    const covered = lengths[branch.index] ?? 0
    for (let seq = length - 1; seq >= Math.max(branch.base, covered); seq -= 1) {
      const { header, id, signature } = await readCommit(source, branch.at(seq))
      if (!rule.verify(header.device, commitMessage(id), signature)) continue
      lengths[branch.index] = seq + 1
      break
    }
    const isKept = (lengths[branch.index] ?? 0) > branch.base
    const { parent } = branch
    if (isKept && parent !== null) lengths[parent.index] = Math.max(lengths[parent.index] ?? 0, branch.base)
  }
  return lengths
}
