import { commitMessage, decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { equalBytes } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { SIGNATURE_RUN_MAX } from '#protocol/replica'
import type { Replica } from '#protocol/replica'
import type { Engine } from '#node/engine'
import type { Examination } from './examination.ts'

/** Commits read at a time. */
const READ_COMMITS = 500

/**
 * Reads every commit of the log and compares it with the index: hashes, canonical form, links, documents, and one
 * signature a run. What cannot be read is noted by the log itself, which asks peers for it.
 */
export async function checkLog(engine: Engine, sha256: Sha256, run: Examination): Promise<void> {
  const { replica } = engine
  const length = replica.logLength
  const signatures = new SignatureRuns(replica, run)
  const documents = new DocumentPlaces(replica)
  for (let at = 0; at < length && engine.replica === replica;) {
    run.progress('commits', at, length)
    const orders = Array.from({ length: Math.min(READ_COMMITS, length - at) }, (_, i) => at + i)
    const served = await engine.serve(orders)
    for (const { order, bytes } of served) {
      const decoded = decodeRecord(bytes, sha256)
      const isRight = decoded.ok && equalBytes(decoded.record.id, replica.history.idOf(order))
      if (!isRight) engine.noteDamaged(order)
      else {
        checkLinks(decoded.record, order, replica, run)
        documents.check(decoded.record, order, run)
        noteLost(decoded.record, order, replica)
        signatures.check(decoded.record, order)
        run.checked.commits += 1
      }
    }
    at += served.length
    // The next one cannot be read; those behind it may be.
    if (served.length === 0) {
      signatures.skip(at)
      documents.skip(at)
      at += 1
    }
  }
  run.checked.signatures = signatures.count
}

function checkLinks(record: CommitRecord, order: number, replica: Replica, run: Examination): void {
  const { history } = replica
  const { header } = record
  const prev = header.prev === null ? -1 : history.find(header.prev)
  const seen = header.seen.map((head) => history.find(head.id))
  const own = history.seenOf(order)
  const isRight =
    (header.prev === null || (prev >= 0 && prev < order)) &&
    prev === history.prevOf(order) &&
    header.seq === history.seqOf(order) &&
    history.isBy(order, header.device) &&
    seen.length === own.length &&
    seen.every((it, i) => it >= 0 && it < order && it === own[i])
  if (isRight) return
  run.note({
    code: 'log-link',
    where: `commit ${order}`,
    severity: 'pending',
    message: `the commit ${order} does not link to what the index says`,
    action: 'Restart the node: an index that contradicts the commits is made anew from them.',
  })
}

/** Payloads that the index counts as here and that are not: the commit came back without them after it was damaged. */
function noteLost({ header, payloads }: CommitRecord, order: number, replica: Replica): void {
  for (const [i, { document }] of header.sections.entries())
    if (payloads[i] === null) replica.documents.holes.lose(document, order)
}

/** Whether the commits of each document are those that the index names. */
class DocumentPlaces {
  readonly #replica: Replica
  /** By document: how many of its commits were met. */
  readonly #met = new Map<string, number>()

  constructor(replica: Replica) {
    this.#replica = replica
  }

  check(record: CommitRecord, order: number, run: Examination): void {
    for (const { document } of record.header.sections) {
      const met = this.#met.get(document) ?? 0
      this.#met.set(document, met + 1)
      if (this.#replica.documentLog(document)?.orders.at(met) === order) continue
      run.note({
        code: 'log-index',
        where: `document ${document}`,
        severity: 'pending',
        message: `the index does not know that the commit ${order} has a section of '${document}'`,
        action: 'Restart the node: an index that contradicts the commits is made anew from them.',
      })
    }
  }

  /** A commit that cannot be read: its documents are known by the index alone. */
  skip(order: number): void {
    for (const document of this.#replica.documentIds()) {
      const met = this.#met.get(document) ?? 0
      if (this.#replica.documentLog(document)?.orders.at(met) === order) this.#met.set(document, met + 1)
    }
  }
}

/** Checks the last signature of each chain, and one of at most `SIGNATURE_RUN_MAX` before it. */
class SignatureRuns {
  count = 0
  readonly #replica: Replica
  readonly #run: Examination
  /** By branch: commits since the last signature that holds. */
  readonly #open = new Map<number, number>()

  constructor(replica: Replica, run: Examination) {
    this.#replica = replica
    this.#run = run
  }

  check(record: CommitRecord, order: number): void {
    const branch = this.#replica.history.branchOf(order)
    const since = (this.#open.get(branch.index) ?? 0) + 1
    this.#open.set(branch.index, since)
    const isEnd = branch.end === order
    const isSigned = this.#replica.isSigned(order)
    if (!isEnd && since < SIGNATURE_RUN_MAX / 2) return
    // In the second half of a run those that were checked when they came, at its end whichever.
    if (!isEnd && !isSigned && since < SIGNATURE_RUN_MAX) return
    this.count += 1
    const { rule } = this.#replica
    if (rule.verify(record.header.device, commitMessage(record.id), record.signature)) {
      this.#open.set(branch.index, 0)
      return
    }
    // Another one of the run covers it, unless this one was good once.
    if (!isSigned && !isEnd && since < SIGNATURE_RUN_MAX) return
    this.#run.note({
      code: 'log-signature',
      where: `commit ${order}`,
      severity: isSigned ? 'pending' : 'note',
      message: `the signature of the commit ${order} does not hold${isSigned ? ', and did once' : ''}`,
      action: isSigned
        ? 'Compare it with other devices: `coop commit verify`. Its content is whole; a later signature covers it.'
        : 'A later commit of its chain covers it once it is here.',
    })
  }

  skip(order: number): void {
    const branch = this.#replica.history.branchOf(order)
    this.#open.set(branch.index, (this.#open.get(branch.index) ?? 0) + 1)
  }
}
