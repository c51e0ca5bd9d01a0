import { commitMessage, decodeRecord, encodeHeader } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { equalBytes, fromHex, toHex } from '#protocol/encoding'
import type { Crypto } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { readCommit } from './commit-source.ts'
import type { CommitSource } from './commit-source.ts'
import { notJudged, sectionVerdicts } from './section-verdicts.ts'

/** What was checked; `section` once for each section. */
export type CommitCheckName =
  | 'encoding'
  | 'id'
  | 'payloads'
  | 'signature'
  | 'chain'
  | 'seen'
  | 'admission'
  | 'section'

/** One thing that was checked. */
export interface CommitCheck {
  check: CommitCheckName
  /** The document of a `section`, else null. */
  document: string | null
  /** Null when it was not checked. */
  ok: boolean | null
  why: string
}

/** All checks of one commit. */
export interface CommitChecks {
  id: string
  /** True when no check failed. */
  isValid: boolean
  /** Id of the later commit whose signature covers this one; null when its own is good, or none is. */
  coveredBy: string | null
  checks: CommitCheck[]
}

/** Checks a stored commit anew, from its bytes, as if nobody had looked at it before. */
export async function checkCommit(
  source: CommitSource,
  order: number,
  crypto: Crypto,
): Promise<CommitChecks> {
  const { replica } = source
  const record = await readCommit(source, order)
  const cover = await coveringSignature(source, order, record)
  const [encoding, id, payloads] = byteChecks(record, replica.history.idOf(order), crypto)
  const links = [chainCheck(replica, order, record), seenCheck(replica, order, record)]
  const checks = [encoding, id, payloads, cover.check, ...links, admissionCheck(replica, order, record)]
  const isWhole = [encoding, id, payloads, ...links].every((it) => it.ok)
  const verdicts = isWhole ? await sectionVerdicts(source, record, crypto) : notJudged(record, NOT_WHOLE)
  for (const { document, ok, why } of verdicts) checks.push({ check: 'section', document, ok, why })
  const isValid = checks.every((it) => it.ok !== false)
  return { id: toHex(record.id), isValid, coveredBy: cover.by, checks }
}

const NOT_WHOLE = 'the commit itself does not hold'

function outcome(check: CommitCheckName, ok: boolean, why: string): CommitCheck {
  return { check, document: null, ok, why }
}

/** Encoding, id and payloads. */
function byteChecks(
  record: CommitRecord,
  id: Uint8Array,
  { sha256 }: Crypto,
): [encoding: CommitCheck, id: CommitCheck, payloads: CommitCheck] {
  const { header, headerBytes, payloads } = record
  const decoded = decodeRecord(record.bytes, sha256)
  const isOneForm = decoded.ok && equalBytes(encodeHeader(decoded.record.header), headerBytes)
  const hash = sha256(headerBytes)
  const wrong = header.sections.filter((section, i) => {
    const payload = payloads[i] ?? null
    return (
      payload !== null && (payload.length !== section.length || !equalBytes(sha256(payload), section.hash))
    )
  })
  const left = payloads.filter((it) => it === null).length
  return [
    outcome(
      'encoding',
      isOneForm,
      decoded.ok ? 'one canonical value, every field in range' : decoded.refusal,
    ),
    outcome(
      'id',
      equalBytes(hash, id),
      `SHA-256 of its ${headerBytes.length} header bytes is ${toHex(hash)}`,
    ),
    outcome(
      'payloads',
      wrong.length === 0,
      wrong.length === 0
        ? `${payloads.length - left} have the length and the SHA-256 that the header states, ${left} left out`
        : `another length or hash than the header states: ${wrong.map((it) => it.document).join(', ')}`,
    ),
  ]
}

/** The commit's own signature, or the nearest later one on a branch that goes on from it. */
async function coveringSignature(
  source: CommitSource,
  order: number,
  record: CommitRecord,
): Promise<{ check: CommitCheck; by: string | null }> {
  const { history, rule } = source.replica
  const isGood = ({ header, id, signature }: CommitRecord): boolean =>
    rule.verify(header.device, commitMessage(id), signature)
  if (isGood(record)) return { check: outcome('signature', true, 'its own signature is good'), by: null }
  const seq = history.seqOf(order)
  const branches = history.branchesOf(history.deviceOf(order)).filter((it) => it.at(seq) === order)
  const end = Math.max(...branches.map((it) => it.length))
  for (let later = seq + 1; later < end; later += 1) {
    for (const branch of branches) {
      const at = branch.at(later)
      const next = at < 0 ? null : await readCommit(source, at)
      if (next === null || !isGood(next)) continue
      const by = toHex(next.id)
      const why = `its own signature was spoilt on the way; that of ${by} (seq ${later}) covers it`
      return { check: outcome('signature', true, why), by }
    }
  }
  const why = 'its own signature is not good, and no later one of its chain here covers it'
  return { check: outcome('signature', false, why), by: null }
}

function chainCheck({ history }: Replica, order: number, { header }: CommitRecord): CommitCheck {
  const prev = history.prevOf(order)
  if (header.prev === null) return outcome('chain', prev < 0, 'the first commit of its chain')
  const isLinked =
    prev >= 0 &&
    equalBytes(history.idOf(prev), header.prev) &&
    history.seqOf(prev) === header.seq - 1 &&
    equalBytes(history.keyOf(history.deviceOf(prev)), header.device)
  const before = `commit ${header.seq - 1} of its device, ${toHex(header.prev)}`
  return outcome('chain', isLinked, isLinked ? `follows ${before}` : `names ${before}, which is not here`)
}

function seenCheck({ history }: Replica, order: number, { header }: CommitRecord): CommitCheck {
  const missing = header.seen.filter((head) => {
    const seen = history.find(head.id)
    if (seen < 0 || seen >= order || history.seqOf(seen) !== head.seq) return true
    return !equalBytes(history.keyOf(history.deviceOf(seen)), head.device)
  })
  const why =
    missing.length === 0
      ? `the ${header.seen.length} heads that it acknowledges are here`
      : `not here: ${missing.map((it) => toHex(it.id)).join(', ')}`
  return outcome('seen', missing.length === 0, why)
}

/** Whether the first commit of the chain acknowledges that its device was admitted; the founder admits itself. */
function admissionCheck(
  { history, authority }: Replica,
  order: number,
  { header }: CommitRecord,
): CommitCheck {
  const entry = authority.devices.get(toHex(header.device))
  const first = history.branchOf(order).at(0)
  for (const { commit, role } of entry?.admissions ?? []) {
    const admitted = history.find(fromHex(commit) ?? header.device)
    if (admitted >= 0 && history.knows(first, admitted))
      return outcome(
        'admission',
        true,
        `admitted as ${role} by ${commit}, which its first commit acknowledges`,
      )
  }
  return outcome('admission', false, 'the first commit of its chain acknowledges no admission of its device')
}
