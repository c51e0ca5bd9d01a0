import { AUTHORITY } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import type { DocumentState } from '#protocol/document'
import { equalBytes } from '#protocol/encoding'
import type { Crypto } from '#protocol/identity'
import { readCommits } from './commit-source.ts'
import type { Replica } from '#protocol/replica'
import type { CommitSource } from './commit-source.ts'

/** Commits of a causal past that are read again for one verdict. A guess: a few seconds on a small box. */
export const VERDICT_PAST_MAX = 100_000

/** What the rules of its document say of one section. */
export interface SectionVerdictView {
  document: string
  /** Null when it was not judged. */
  ok: boolean | null
  /** `accepted`, the name of the refusal and what it means, or why there is no verdict. */
  why: string
}

/**
 * Judges the sections of a commit anew, from its causal past alone: no other commit that this node holds can change the
 * verdict. A replica is made for it, which sees that past in the order of the log and of it only the documents in question. Of more than `pastMax` commits
 * there is no verdict.
 */
export async function sectionVerdicts(
  source: CommitSource,
  record: CommitRecord,
  crypto: Crypto,
  pastMax: number = VERDICT_PAST_MAX,
): Promise<SectionVerdictView[]> {
  const documents = record.header.sections.map((it) => it.document)
  if (documents.length === 0) return []
  const orders = causalPast(source, record)
  if (orders.length > pastMax)
    return notJudged(record, `the ${orders.length} commits before it are too many to go through`)
  const replica = openReplica({ coop: source.replica.coop, crypto, signer: null })
  const wanted = new Set([AUTHORITY, ...documents])
  const verdicts = new Map<string, SectionVerdictView>()
  for (const document of documents) {
    const state = document === AUTHORITY ? replica.authority : replica.openDocument(document)
    if (state === null) verdicts.set(document, { document, ok: null, why: UNKNOWN_KIND })
    else watch(state, record.id, (ok, why) => verdicts.set(document, { document, ok, why }))
  }
  for await (const commit of readCommits(source, orders)) {
    const payloads = commit.payloads.map((payload, i) =>
      wanted.has(commit.header.sections[i]?.document ?? '') ? payload : null,
    )
    if (!replica.load({ ...commit, payloads }, true))
      throw new Error('a causal past that does not hang together')
  }
  return documents.map((document) => {
    const isWhole = replica.documentLog(document)?.isWithheld !== true
    if (!isWhole) return { document, ok: null, why: NOT_HERE }
    if (replica.documentLog(document)?.kind?.isComputed === true)
      return bookVerdict(replica, record, document)
    return verdicts.get(document) ?? { document, ok: false, why: NO_STANDING }
  })
}

/** No verdict on any section of a commit, and why. */
export function notJudged({ header }: CommitRecord, why: string): SectionVerdictView[] {
  return header.sections.map(({ document }) => ({ document, ok: null, why: `not judged: ${why}` }))
}

/** What the books say of a section that they are made of: a commit stands as a whole, or is void and counts nowhere. */
function bookVerdict(replica: Replica, record: CommitRecord, document: string): SectionVerdictView {
  if (replica.actsOf(record).length === 0) return { document, ok: false, why: UNREADABLE }
  const isVoid = replica.epochs.evaluation.isVoid(replica.history.find(record.id))
  return { document, ok: !isVoid, why: isVoid ? VOID : 'accepted' }
}

const UNREADABLE = 'refused (entries): the section is not a list of entries of its document'
const VOID =
  'refused (void): its device did not hold as much, or broke another rule of the books here or before; nothing of it counts'
const UNKNOWN_KIND = 'not judged: this version knows no such kind of document'
const NOT_HERE = 'not judged: payloads of this document, in this commit or before it, are not here'
const NO_STANDING =
  'refused (no-standing): the first commit of its chain acknowledges no admission of its device'

/** Tells what the state says of one commit. The replica passes its verdicts to nobody, so it is asked on the way. */
function watch(state: DocumentState, id: Uint8Array, tell: (ok: boolean, why: string) => void): void {
  const check = state.check.bind(state)
  state.check = (section) => {
    const verdict = check(section)
    if (equalBytes(section.commit, id))
      tell(verdict.ok, verdict.ok ? 'accepted' : `refused (${verdict.refusal}): ${verdict.detail}`)
    return verdict
  }
}

/** Places of the commit and of all that it knows, in the order of the log. */
function causalPast(source: CommitSource, record: CommitRecord): number[] {
  const { history } = source.replica
  const last = history.find(record.id)
  const past = history.past.copy(last)
  const orders: number[] = []
  for (let order = 0; order <= last; order += 1)
    if (past.knows(history.branchOf(order), history.seqOf(order))) orders.push(order)
  return orders
}
