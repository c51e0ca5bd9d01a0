import type { Guarantee, Language, Words } from '#apps/page'
import { ENGLISH } from './texts-en.ts'
import { GERMAN } from './texts-de.ts'
import type { Verdict, VerdictCode } from './verdict.ts'

/** A verdict in words: what, why, and what to do. The last two may be empty. */
export interface Said {
  title: string
  why: string
  todo: string
}

/** What the words of a verdict are made of. */
export interface Shown {
  verdict: Verdict
  words: Words
}

/** All texts of the page in one language. */
export interface Texts {
  verdicts: Readonly<Record<VerdictCode, (shown: Shown) => Said>>
  /** For codes of a newer node. */
  otherVerdict: (code: string) => Said
  /** Where the node had answered this very scan before. */
  repeated: string
  guarantee: {
    mesh: (guarantee: Guarantee) => string
    cutOff: (guarantee: Guarantee, words: Words, nowMs: number) => string
    lostBuckets: (count: number) => string
    noNode: (sinceText: string) => string
  }
  setup: {
    title: string
    lead: string
    event: string
    gate: string
    zone: string
    start: string
    noEvents: string
    noGroups: string
    loading: string
  }
  scan: {
    title: string
    aim: string
    checking: string
    change: string
    direction: string
    entry: string
    exit: string
    exitMode: string
    codeLabel: string
    codeHint: string
    check: string
    photo: string
    photoReading: string
    torch: string
    cameraOff: string
    cameraRefused: string
    cameraInsecure: string
    cameraStart: string
    soundOff: string
    soundTap: string
    dismiss: string
    language: string
    settings: string
    buckets: string
    bucketsNote: string
    bucketHere: string
    bucketAt: (holder: string) => string
    bucketApart: (holder: string) => string
    bucketLost: string
    bucketHereLost: string
    /** What this gate could do without the others. */
    alone: (guarantee: Guarantee, words: Words) => string
    take: string
    takeFor: string
    hand: (device: string) => string
    handAll: (device: string) => string
    moving: string
    moveDone: string
    moveUnderWay: (device: string) => string
    moveMissing: (count: string) => string
    moveElsewhere: (count: string) => string
  }
  counts: {
    title: string
    admitted: string
    inside: string
    ofCapacity: (inside: string, capacity: string) => string
    zones: string
    full: string
    doubles: string
    overrides: string
    open: string
    refused: string
    sold: string
  }
  log: {
    /** Of verdicts whose title is a greeting. */
    names: Partial<Record<VerdictCode, string>>
    title: string
    open: string
    empty: string
    undo: string
    undone: string
    double: string
    undoTitle: string
    undoLead: string
    undoConfirm: string
    reason: string
    reasonHint: string
    undoDone: string
    failed: (message: string) => string
    unreachable: string
    close: string
  }
  override: {
    open: string
    title: string
    lead: string
    reason: string
    presets: readonly string[]
    hold: string
    holding: string
    again: string
  }
}

/** The table of each language. */
export const TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, de: GERMAN }

/** A verdict in the words of a language. */
export function say(texts: Texts, shown: Shown): Said {
  const { verdict } = shown.verdict
  return texts.verdicts[verdict]?.(shown) ?? texts.otherVerdict(verdict)
}

/** A verdict in a list, in one or two words: not what is said to a visitor. */
export function listed(texts: Texts, shown: Shown): string {
  return texts.log.names[shown.verdict.verdict] ?? say(texts, shown).title
}
