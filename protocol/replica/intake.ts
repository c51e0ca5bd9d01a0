import { equalBytes } from '../encoding/index.ts'
import { commitMessage } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { SignatureRule } from '../identity/index.ts'
import type { Chain } from './chain.ts'

/** Headers between two checked signatures of one chain, at most (design, section 4). */
export const SIGNATURE_RUN_MAX = 256

/** Why a commit was not stored. */
export type CommitRefusal =
  | 'other-coop'
  | 'unknown-epoch'
  | 'fork'
  | 'gap'
  | 'payload-missing'
  | 'signature'
  | 'unknown-device'
  | 'waiting-quota'

/** What becomes of one record. `gap` and `unknown-device` may be cured by what comes later; the rest are final. */
export type IntakeVerdict = 'linked' | 'duplicate' | CommitRefusal

/** What the intake needs to know of the replica. */
export interface IntakeView {
  coop: Uint8Array
  rule: SignatureRule
  chain(device: string): Chain | undefined
  /** True when every section of this document must bring its payload. */
  isAlwaysSent(document: string): boolean
}

interface Run {
  length: number
  head: Uint8Array | null
  links: number[]
}

/**
 * Judges a batch in order: links each record to its chain as stored or to earlier records of the batch, then checks
 * one signature per contiguous run (a signature covers the whole history before it). A run whose last signature fails
 * is refused whole: the sender should have checked it. In a long run one of each 256 must hold, whichever: a relay may
 * have spoilt all but those that the sender itself checked, and the sender's windows are not ours.
 */
export function judgeBatch(records: readonly CommitRecord[], view: IntakeView): IntakeVerdict[] {
  const runs = new Map<string, Run>()
  const verdicts: IntakeVerdict[] = records.map((record, i) => {
    const name = record.author
    let run = runs.get(name)
    if (run === undefined) {
      const chain = view.chain(name)
      run = { length: chain?.length ?? 0, head: chain?.ids.at(chain.length - 1) ?? null, links: [] }
      runs.set(name, run)
    }
    return link(record, { run, view, at: i, chain: view.chain(name), records })
  })
  for (const run of runs.values()) checkRun(run, records, verdicts, view.rule)
  return verdicts
}

function link(
  record: CommitRecord,
  place: {
    run: Run
    view: IntakeView
    at: number
    chain: Chain | undefined
    records: readonly CommitRecord[]
  },
): IntakeVerdict {
  const { run, view } = place
  const { header } = record
  if (!equalBytes(header.coop, view.coop)) return 'other-coop'
  // Seals come with the authority document; until then there is one epoch, and its id is the co-op's.
  if (!equalBytes(header.epoch, view.coop)) return 'unknown-epoch'
  if (header.seq < run.length) {
    const stored =
      place.chain?.ids.at(header.seq) ??
      place.records[run.links[header.seq - (place.chain?.length ?? 0)] ?? -1]?.id
    return stored !== undefined && equalBytes(stored, record.id) ? 'duplicate' : 'fork'
  }
  if (header.seq > run.length) return 'gap'
  if (run.head !== null && (header.prev === null || !equalBytes(header.prev, run.head))) return 'fork'
  for (const [i, section] of header.sections.entries()) {
    if (record.payloads[i] === null && view.isAlwaysSent(section.document)) return 'payload-missing'
  }
  run.length += 1
  run.head = record.id
  run.links.push(place.at)
  return 'linked'
}

function checkRun(
  run: Run,
  records: readonly CommitRecord[],
  verdicts: IntakeVerdict[],
  rule: SignatureRule,
): void {
  const isGood = (at: number): boolean => {
    const record = records[at]
    return (
      record !== undefined && rule.verify(record.header.device, commitMessage(record.id), record.signature)
    )
  }
  for (let start = 0; start < run.links.length;) {
    const part = run.links.slice(start, start + SIGNATURE_RUN_MAX)
    const isEnd = start + part.length === run.links.length
    const good = isEnd && !isGood(part.at(-1) ?? -1) ? -1 : part.findLastIndex(isGood)
    if (good < 0) {
      for (const at of run.links.slice(start)) verdicts[at] = 'signature'
      return
    }
    start += good + 1
  }
}
