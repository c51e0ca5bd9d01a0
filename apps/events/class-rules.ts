/** How often a ticket lets in. `other`: a rule that the form does not know, kept as it is. */
export type EntryKind = 'once' | 'daily' | 'entries' | 'free' | 'other'

/** The rules of a class as a form has them. */
export interface RuleDraft {
  kind: EntryKind
  /** Of `daily` and `entries`: how many, as typed. */
  entries: string
  /** Minutes between two entries, as typed; empty for none. */
  minutes: string
  /** Gate groups at which it is valid; none for all. */
  gates: readonly string[]
  /** Time of day from and until, `HH:MM`; both empty for all day. */
  from: string
  until: string
  /** Of `other`: the rule as JSON, and whether who left may come in again. */
  json: string
  reentry: boolean
}

/** What is wrong with a draft. */
export type RuleProblem = 'whole' | 'both-times' | 'json'

/** Names of the fields that may be wrong. */
export type RuleField = 'entries' | 'minutes' | 'until' | 'json'

/** The rule of a draft and whether people may come in again, or what is wrong. */
export type RuleReading =
  | { ok: true; rule: unknown; reentry: boolean }
  | { ok: false; problems: Partial<Record<RuleField, RuleProblem>> }

/** A ticket that lets in once. */
export const ONCE: RuleDraft = {
  ...{ kind: 'once', entries: '1', minutes: '', gates: [], from: '', until: '', json: '', reentry: false },
}

/** Most entries, and minutes between them, that the rules take: a person has made a mistake with more. */
const WHOLE_MAX = 100_000

/** Reads a draft. */
export function readRules(draft: RuleDraft): RuleReading {
  const problems: Partial<Record<RuleField, RuleProblem>> = {}
  if (draft.kind === 'other') {
    try {
      return { ok: true, rule: JSON.parse(draft.json) as unknown, reentry: draft.reentry }
    } catch {
      return { ok: false, problems: { json: 'json' } }
    }
  }
  const leaves: unknown[] = []
  const isCounted = draft.kind === 'daily' || draft.kind === 'entries'
  const entries = wholeOf(draft.entries)
  if (isCounted && entries === null) problems.entries = 'whole'
  if (isCounted) leaves.push([draft.kind === 'daily' ? 'entries-today' : 'entries', entries])
  const minutes = wholeOf(draft.minutes)
  if (draft.minutes.trim() !== '' && minutes === null) problems.minutes = 'whole'
  // Who comes in once has no second entry that could be too soon.
  if (minutes !== null && draft.kind !== 'once') leaves.push(['minutes-since-entry', minutes])
  if (draft.gates.length > 0) leaves.push(['gate', [...draft.gates].sort(byCode)])
  const [from, until] = [minuteOf(draft.from), minuteOf(draft.until)]
  if ((from === null) !== (until === null) || (from !== null && from === until)) problems.until = 'both-times'
  if (from !== null && until !== null) leaves.push(['day-time', from, until])
  if (Object.keys(problems).length > 0) return { ok: false, problems }
  const rule = leaves.length === 0 ? null : leaves.length === 1 ? leaves[0] : ['all', ...leaves]
  return { ok: true, rule, reentry: draft.kind !== 'once' }
}

/** The draft that reads as a class's rule; `other` where the form has no words for it. */
export function draftOfRule(rule: unknown, reentry: boolean): RuleDraft {
  const draft: RuleDraft = { ...ONCE, kind: reentry ? 'free' : 'once' }
  const other: RuleDraft = { ...ONCE, kind: 'other', json: JSON.stringify(rule), reentry }
  if (rule === null || rule === undefined) return draft
  const seen = new Set<string>()
  for (const leaf of leavesOf(rule)) {
    const [name, first, second] = leaf
    const kind = String(name)
    if (seen.has(kind)) return other
    seen.add(kind)
    if ((kind === 'entries-today' || kind === 'entries') && reentry && draft.kind === 'free') {
      draft.kind = kind === 'entries' ? 'entries' : 'daily'
      draft.entries = String(first)
    } else if (kind === 'minutes-since-entry') draft.minutes = String(first)
    else if (kind === 'gate' && Array.isArray(first)) draft.gates = first.map(String)
    else if (kind === 'day-time') [draft.from, draft.until] = [timeOf(Number(first)), timeOf(Number(second))]
    else return other
  }
  const read = readRules(draft)
  return read.ok && JSON.stringify(read.rule) === JSON.stringify(rule) ? draft : other
}

/** A whole number of 1 or more as people type it; null for anything else. */
export function wholeOf(text: string): number | null {
  const value = Number(text.trim())
  return /^\d{1,6}$/.test(text.trim()) && value >= 1 && value <= WHOLE_MAX ? value : null
}

function leavesOf(rule: unknown): unknown[][] {
  if (!Array.isArray(rule)) return [[]]
  const list = rule as unknown[]
  return list[0] === 'all' ? list.slice(1).map((it) => (Array.isArray(it) ? it : [])) : [list]
}

function minuteOf(time: string): number | null {
  const [, hours = '', minutes = ''] = /^(\d\d):(\d\d)/.exec(time) ?? []
  return hours === '' ? null : Number(hours) * 60 + Number(minutes)
}

function timeOf(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((it) => String(it).padStart(2, '0')).join(':')
}

/** Order of the protocol's lists: by code units, whatever the language. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
