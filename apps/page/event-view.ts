/** A device and its member, as the node shows them. */
export interface Holder {
  device: string
  deviceName: string
  name?: string
}

/** Of the tickets sold, how many this gate could let in without the mesh. */
export interface Share {
  canAdmit: number
  sold: number
}

/** What the gate can promise now. */
export interface Guarantee {
  /** Gates of the event. */
  gates: number
  /** Of them connected, with this one. */
  reachable: number
  /** Unix ms; null while connected. */
  cutOffSinceMs: number | null
  /** Of the groups whose buckets this gate holds. */
  own: Share
  others: Share
  /** Sold tickets that any gate admits: of open classes, and of lost gates. */
  open: number
  /** Buckets of lost gates, and how many of those tickets are theirs. */
  lost: { buckets: number; sold: number }
}

/** A price in a window of time. */
export interface Price {
  currency: string
  /** By the currency's scale: `12.50`. */
  amount: string
  fromMs: number | null
  untilMs: number | null
}

/** A class of tickets. */
export interface TicketClass {
  /** Id of its seat unit. */
  class: string
  code: string
  name: string
  policy: 'exclusive' | 'open'
  /** Open admissions that a gate may make while others have not heard. */
  exposureMax: number
  prices: Price[]
  validFromMs: number | null
  validUntilMs: number | null
  /** Zones that it opens; none for all. */
  zones: string[]
  reentry: boolean
  /** True: only tickets whose issue is known at the gate. */
  knownOnly: boolean
  /** As JSON has it; null for none. */
  rule: unknown
  seats: { capacity: number; here: number; elsewhere: number }
  sold: number
  admitted: number
}

/** A bucket of tickets: the device that holds it admits them. `nowhere`: nobody holds it. */
export interface Bucket {
  bucket: string
  holder: Holder | null
  state: 'here' | 'reachable' | 'elsewhere' | 'lost' | 'nowhere'
  /** Its gate is said to be lost: others let its tickets in openly, also while it is here. */
  isLost: boolean
  sold: number
  admitted: number
}

/** A gate group with its buckets. */
export interface GateGroup {
  group: string
  buckets: Bucket[]
}

/** A zone; `here`: entries that this gate may still record by itself. */
export interface Zone {
  zone: string
  capacity: number
  inside: number
  here: number
}

/** What the pages use of an event. */
export interface EventView {
  event: string
  name: string
  place: string
  startsMs: number
  endsMs: number
  /** What the clocks of the event show beside UTC, minutes. */
  utcOffsetMin: number
  /** When its day begins by those clocks, minutes after midnight. */
  dayStartMin: number
  organiser: Holder | null
  classes: TicketClass[]
  groups: GateGroup[]
  /** Gates in reach, to which buckets can be handed. */
  gatesInReach: Holder[]
  zones: Zone[]
  stats: {
    sold: number
    cancelled: number
    admitted: number
    entries: number
    exits: number
    inside: number
    doubles: number
    overrides: number
    open: number
    undone: number
    refused: number
    refusedBy: Record<string, number>
  }
  guarantee: Guarantee
  /** Equal on all devices that know the same. */
  stateHash: string
}
