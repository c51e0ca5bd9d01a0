import type { Bucket, Language } from '#apps/page'
import type { Problem } from './class-draft.ts'
import type { EntryKind } from './class-rules.ts'
import { GERMAN } from './texts-de.ts'
import { ENGLISH } from './texts-en.ts'
import type { Part } from './route.ts'

type Action = 'revoke' | 'refund' | 'reissue'

/** All texts of the page in one language. Numbers come as text. */
export interface EventTexts {
  loading: string
  more: string
  cancel: string
  close: string
  back: string
  next: string
  optional: string
  nav: { label: string; node: string; events: string; language: string }
  failure: { silent: string; silentNext: string }
  problems: Readonly<Record<Problem | 'taken' | 'holder', string>>
  list: {
    title: string
    make: string
    empty: string
    emptyNext: string
    now: string
    sold: (sold: string, admitted: string) => string
  }
  phones: {
    title: string
    gate: string
    sale: string
    none: string
    lead: string
    what: string
    names: Readonly<Record<'gate' | 'supervisor' | 'till', string>>
    name: string
    nameHint: string
    add: string
    scan: (name: string) => string
    qr: string
    address: string
    once: string
    done: string
  }
  make: {
    title: string
    name: string
    nameHint: string
    place: string
    starts: string
    ends: string
    dayStart: string
    dayStartHint: string
    clock: (offset: string) => string
    submit: string
  }
  parts: { label: string } & Readonly<Record<Part, string>>
  overview: {
    promise: string
    mesh: (reachable: string, gates: string) => string
    cutOff: (time: string) => string
    alone: (share: string) => string
    lost: (count: string) => string
    steps: { title: string; classes: string; gates: string }
  }
  stats: {
    title: string
    sold: string
    admitted: string
    inside: string
    cancelled: string
    refused: string
    open: string
    overrides: string
    undone: string
    doubles: string
    evidence: string
    state: string
  }
  classes: {
    title: string
    lead: string
    add: string
    change: string
    changeNote: string
    name: string
    nameHint: string
    seatsLabel: string
    seats: (sold: string, capacity: string, admitted: string) => string
    noPrice: string
    more: string
    validFrom: string
    validUntil: string
    zones: string
    zonesHint: string
    policy: string
    policyHint: string
    policies: Readonly<Record<'exclusive' | 'open', string>>
    exposure: string
    knownOnly: string
    make: string
    save: string
  }
  prices: {
    title: string
    amount: string
    numbered: (number: string) => string
    currency: string
    from: string
    until: string
    hint: string
    add: string
    remove: (number: string) => string
  }
  rules: {
    title: string
    kinds: Readonly<Record<EntryKind, string>>
    short: Readonly<Record<EntryKind, (entries: string) => string>>
    perDay: string
    inAll: string
    exitHint: string
    json: string
    reentry: string
    more: string
    minutes: string
    from: string
    until: string
    gates: string
    gatesHint: string
  }
  zones: {
    title: string
    lead: string
    inside: (inside: string, capacity: string) => string
    name: string
    nameHint: string
    capacity: string
    add: string
  }
  gates: {
    title: string
    lead: string
    name: string
    nameHint: string
    count: string
    countHint: string
    add: string
    at: Readonly<Record<Bucket['state'], (device: string) => string>>
    sold: (count: string) => string
    take: string
    taken: string
    missing: (count: string) => string
    hand: string
    handTitle: (group: string) => string
    handLead: string
    handTo: string
    handed: (device: string) => string
    near: string
    far: string
    lost: string
    lostTitle: (group: string) => string
    lostLead: string
    lostConfirm: string
    lostDone: string
    found: string
    foundDone: string
  }
  issue: {
    title: string
    noClass: string
    noBucket: string
    what: string
    number: string
    guests: string
    class: string
    classOption: (name: string, here: string) => string
    group: string
    count: string
    list: string
    listHint: (count: string) => string
    free: string
    submit: (count: string) => string
    noGuests: string
    tooMany: (max: string) => string
    noSeats: (here: string) => string
    longGuest: (guest: string) => string
    progress: (done: string, count: string) => string
    done: (count: string, className: string) => string
    interrupted: string
    stop: string
    goOn: string
    leave: string
    another: string
  }
  tickets: {
    title: string
    lead: string
    empty: string
    csv: string
    csvAll: string
    print: string
    printPage: string
    printNow: string
    sheet: string
    part: (from: string, until: string, total: string) => string
    qr: (number: string) => string
    gate: (group: string) => string
  }
  end: {
    title: string
    lead: string
    ticket: string
    ticketHint: string
    what: string
    actions: Readonly<Record<Action, string>>
    notes: Readonly<Record<Action, string>>
    isDone: Readonly<Record<Action, string>>
    /** By why a ticket was ended. */
    done: Readonly<Record<string, string>>
    holder: string
    holderHint: string
    reason: string
    stillOpens: (group: string, device: string, isReachable: boolean) => string
    newTicket: string
    show: string
  }
  log: {
    title: string
    gate: string
    verdict: string
    all: string
    csv: string
    read: (count: string) => string
    empty: string
    page: (number: string) => string
    double: string
    undone: string
    undo: string
    undoTitle: string
    undoLead: string
    reason: string
  }
}

/** The table of each language. */
export const EVENT_TEXTS: Readonly<Record<Language, EventTexts>> = { en: ENGLISH, de: GERMAN }
