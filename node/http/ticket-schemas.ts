import { z } from '@hono/zod-openapi'
import { REASON_LENGTH_MAX } from '#protocol/event'
import { Device, Member } from './schemas.ts'

const Count = z.number().int().min(0)
const Time = z.number().int().min(0).openapi({ description: 'Unix ms' })
/** A text that a desk refuses in words of its own when it is too long. */
const Text = z.string().max(1_024)
/** A number of which a desk says what it must be. */
const Whole = z.number().openapi({ type: 'integer', minimum: 1 })
const RequestId = z
  .string()
  .max(64)
  .openapi({ description: '32 hexadecimal digits that name the request: sent twice, it is done once' })
const DeviceNameSchema = z.object({
  device: Device,
  deviceName: z.string(),
  member: Member,
  name: z.string(),
})
const Money = z.object({ currency: z.string().max(24), amount: z.string().max(64) })
const Share = z.object({ sold: Count, canAdmit: Count })
const BucketState = z.enum(['here', 'reachable', 'elsewhere', 'lost', 'nowhere'])

/** What a gate can promise. */
export const GuaranteeSchema = z
  .object({
    gates: Count.openapi({ description: 'Devices that hold buckets which are not lost, and this one' }),
    reachable: Count,
    cutOffSinceMs: Time.nullable(),
    own: Share.openapi({
      description: 'Sold tickets of the gate group, and those that this device admits alone',
    }),
    others: Share,
    open: Count.openapi({ description: 'Sold tickets that any gate admits' }),
    lost: z
      .object({ buckets: Count, sold: Count })
      .openapi({ description: 'Buckets of lost gates, and how many of the open tickets are theirs' }),
  })
  .openapi('Guarantee')

const PriceSchema = Money.extend({ fromMs: Time.nullable(), untilMs: Time.nullable() })

const ClassSchema = z.object({
  class: z.string().openapi({ description: 'Unit of its seats' }),
  code: z.string(),
  name: z.string(),
  policy: z.enum(['exclusive', 'open']),
  exposureMax: Count,
  prices: z.array(PriceSchema),
  validFromMs: Time.nullable(),
  validUntilMs: Time.nullable(),
  zones: z.array(z.string()),
  reentry: z.boolean(),
  knownOnly: z.boolean(),
  rule: z.unknown(),
  seats: z.object({ capacity: Count, here: Count, elsewhere: Count }),
  sold: z.number().int(),
  admitted: Count,
})

/** An event. */
export const EventSchema = z
  .object({
    event: z.string(),
    name: z.string(),
    place: z.string(),
    startsMs: Time,
    endsMs: Time,
    utcOffsetMin: z.number().int(),
    dayStartMin: Count,
    organiser: DeviceNameSchema.nullable(),
    classes: z.array(ClassSchema),
    groups: z.array(
      z.object({
        group: z.string(),
        buckets: z.array(
          z.object({
            bucket: z.string(),
            holder: DeviceNameSchema.nullable(),
            state: BucketState,
            isLost: z.boolean().openapi({
              description:
                'Its gate is said to be lost: its tickets are let in openly, also while it is here',
            }),
            sold: z.number().int(),
            admitted: Count,
          }),
        ),
      }),
    ),
    gatesInReach: z.array(DeviceNameSchema).openapi({
      description: 'Devices in reach that hold buckets, have let people pass, or made the event',
    }),
    zones: z.array(
      z.object({ zone: z.string(), unit: z.string(), capacity: Count, inside: Count, here: Count }),
    ),
    stats: z.object({
      sold: z.number().int(),
      cancelled: Count,
      admitted: Count,
      entries: Count,
      exits: Count,
      inside: Count,
      doubles: Count,
      overrides: Count,
      open: Count,
      unheld: Count,
      undone: Count,
      refused: Count,
      refusedBy: z.record(z.string(), Count),
    }),
    guarantee: GuaranteeSchema,
    stateHash: z.string(),
  })
  .openapi('Event')

/** `GET /v1/ticketing/events/{event}`. */
export const EventQuery = z.object({ gate: z.string().max(40).optional() })
/** The event of a call. */
export const EventParam = z.object({ event: z.string().min(1).max(120) })

/** `POST /v1/ticketing/events`. */
export const EventRequestSchema = z
  .object({
    name: Text,
    place: Text.optional(),
    startsMs: Time,
    endsMs: Time,
    utcOffsetMin: z.number().int().min(-840).max(840).optional(),
    dayStartMin: z.number().int().min(0).max(1439).optional(),
    id: RequestId.optional(),
  })
  .openapi('EventRequest')

/** `POST /v1/ticketing/events/{event}/classes`. */
export const ClassRequestSchema = z
  .object({
    class: z
      .string()
      .max(100)
      .optional()
      .openapi({ description: 'Of one that is there: what it is from now on' }),
    name: Text,
    seats: Whole.optional(),
    policy: z.enum(['exclusive', 'open']).optional(),
    exposureMax: Count.optional(),
    prices: z
      .array(Money.extend({ fromMs: Time.nullable().optional(), untilMs: Time.nullable().optional() }))
      .max(64)
      .optional(),
    validFromMs: Time.nullable().optional(),
    validUntilMs: Time.nullable().optional(),
    zones: z.array(Text).max(32).optional(),
    reentry: z.boolean().optional(),
    knownOnly: z.boolean().optional(),
    rule: z.unknown().optional(),
    id: RequestId.optional(),
  })
  .openapi('ClassRequest')

/** `POST /v1/ticketing/events/{event}/zones`. */
export const ZoneRequestSchema = z.object({
  name: Text,
  capacity: Whole,
  id: RequestId.optional(),
})

/** `POST /v1/ticketing/events/{event}/buckets`. */
export const BucketRequestSchema = z.object({
  group: Text,
  count: Whole.optional(),
  id: RequestId.optional(),
})

/** `POST /v1/ticketing/events/{event}/lost`. */
export const LostRequestSchema = z.object({ bucket: Text, lost: z.boolean() })
/** `POST /v1/ticketing/events/{event}/hand`. */
export const HandRequestSchema = z.object({
  group: Text.optional().openapi({ description: 'Gate group; without it all buckets that are here' }),
  device: z.string().max(200),
})
/** What handing over did. */
export const HandedSchema = z
  .object({
    buckets: z.array(z.string()),
    commit: z.string().nullable(),
    isRepeat: z.boolean().openapi({ description: 'All had been handed to that device before' }),
    isThere: z.boolean().openapi({
      description: 'That device has said that it has them; until then this one must stay in its reach',
    }),
    elsewhere: z
      .array(
        z.object({
          bucket: z.string(),
          group: z.string(),
          holder: DeviceNameSchema.nullable(),
          state: BucketState,
        }),
      )
      .openapi({ description: 'Buckets that other devices hold, or are on their way to' }),
  })
  .openapi('Handed')
/** `POST /v1/ticketing/events/{event}/take`. */
export const TakeRequestSchema = z.object({ group: Text })

const TicketSchema = z
  .object({
    text: z.string().openapi({ description: 'What its QR code holds' }),
    number: z.string(),
    group: z.string(),
    code: z.string(),
    commitment: z.string(),
  })
  .openapi('Ticket')

const HolderSchema = z.string().max(96).openapi({
  description: 'Ed25519 key of the phone, hex; for a blind ticket followed by its seat hash',
})

/** `POST /v1/ticketing/events/{event}/tickets`. */
export const IssueRequestSchema = z
  .object({
    class: z.string().max(100),
    count: Whole,
    group: Text.optional(),
    holder: HolderSchema.optional(),
    details: z.array(z.string().max(200).nullable()).optional(),
    quote: z.string().max(2_048).optional(),
    complimentary: z.boolean().optional(),
    validFromMs: Time.optional(),
    validUntilMs: Time.optional(),
    id: RequestId.optional(),
  })
  .openapi('IssueRequest')

/** What issuing did. */
export const IssuedSchema = z
  .object({
    tickets: z.array(TicketSchema),
    className: z.string(),
    commits: z.array(z.string()),
    paid: Money.nullable(),
    isRepeat: z.boolean(),
  })
  .openapi('Issued')

/** `GET /v1/ticketing/events/{event}/tickets`: a page of them with their details, or all without. */
export const TicketsQuery = z.object({
  from: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
})

/** Tickets that were issued, and how many there are. */
export const TicketsSchema = z
  .object({
    tickets: z.array(
      TicketSchema.extend({ className: z.string(), state: z.string(), details: z.string().nullable() }),
    ),
    total: Count,
  })
  .openapi('Tickets')

/** `POST /v1/ticketing/events/{event}/quotes`. */
export const QuoteRequestSchema = z.object({ class: z.string().max(100) })
/** A price that stands for a while. */
export const QuoteSchema = Money.extend({ quote: z.string(), untilMs: Time }).openapi('Quote')

/** `POST /v1/ticketing/events/{event}/scans`. */
export const ScanRequestSchema = z
  .object({
    // Longer than any ticket: what is too long has a verdict of its own.
    text: z.string(),
    gate: z.string().max(100),
    zone: z.string().max(100).optional(),
    direction: z.enum(['in', 'out']),
    id: RequestId,
    override: z.object({ reason: z.string().max(REASON_LENGTH_MAX) }).optional(),
    fetch: z.boolean().optional().openapi({
      description: 'Fetches the ticket’s bucket of another gate group first, if its holder is in reach',
    }),
  })
  .openapi('ScanRequest')

/** What a gate says of a ticket. */
export const ScanSchema = z
  .object({
    ok: z.boolean().openapi({ description: 'True: the way is free, and that is on the disk' }),
    verdict: z.string(),
    mode: z.enum(['exclusive', 'open', 'override']).nullable(),
    ticket: z
      .object({
        class: z.string(),
        className: z.string(),
        number: z.string(),
        group: z.string(),
        code: z.string(),
        details: z.string().nullable(),
      })
      .nullable(),
    params: z.record(z.string(), z.unknown()),
    admission: z.string().nullable(),
    repeated: z.boolean(),
    tookMs: z.number(),
    guarantee: GuaranteeSchema,
    counts: z.object({ admitted: Count, inside: Count, zoneCapacity: Count.nullable() }),
  })
  .openapi('Scan')

/** `POST /v1/ticketing/events/{event}/undo`. */
export const UndoRequestSchema = z.object({
  admission: z.string().max(80),
  reason: z.string().max(REASON_LENGTH_MAX),
  id: RequestId.optional(),
})

/** `POST /v1/ticketing/events/{event}/revocations`. */
export const CancelRequestSchema = z.object({
  ticket: z.string().max(1_024),
  action: z.enum(['revoke', 'refund', 'reissue']),
  holder: HolderSchema.optional(),
  reason: z.string().max(REASON_LENGTH_MAX).optional(),
  id: RequestId.optional(),
})

/** What ending a ticket did. */
export const CancelSchema = z
  .object({
    done: z
      .boolean()
      .openapi({ description: 'False: only a request, since another device holds the bucket' }),
    commit: z.string().nullable(),
    stillOpens: z
      .object({ group: z.string(), holder: DeviceNameSchema.nullable(), isReachable: z.boolean() })
      .nullable(),
    tickets: z.array(TicketSchema),
  })
  .openapi('Cancelled')

/** `GET /v1/ticketing/events/{event}/log`. */
export const LogQuery = z.object({
  gate: z.string().max(40).optional(),
  verdict: z.string().max(32).optional(),
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
})

/** A page of the log. */
export const LogSchema = z
  .object({
    rows: z.array(
      z.object({
        at: Count,
        atMs: Time,
        gate: z.string(),
        zone: z.string().nullable(),
        device: DeviceNameSchema,
        direction: z.enum(['in', 'out']).nullable(),
        verdict: z.string(),
        mode: z.enum(['held', 'open', 'override']).nullable(),
        reason: z.string(),
        class: z.string().nullable(),
        admission: z.string().nullable(),
        undone: z.object({ atMs: Time, reason: z.string() }).nullable(),
        double: z.boolean(),
      }),
    ),
    next: Count.nullable(),
  })
  .openapi('GateLog')

/** Both sides of each seat that was let in twice. */
export const DoublesSchema = z
  .object({
    doubles: z.array(
      z.object({
        seat: z.string(),
        admissions: z.array(
          z.object({
            device: DeviceNameSchema,
            gate: z.string(),
            zone: z.string().nullable(),
            atMs: Time,
            mode: z.enum(['held', 'open', 'override']),
            commit: z.string(),
            index: Count,
            header: z.string(),
            signature: z.string(),
            payload: z.string(),
          }),
        ),
      }),
    ),
  })
  .openapi('Doubles')

/** `POST /v1/ticketing/sales`. */
export const SaleRequestSchema = z
  .object({
    lines: z
      .array(
        z.union([
          z.object({
            event: z.string().max(120),
            class: z.string().max(100),
            count: Whole,
            group: Text.optional(),
            quote: z.string().max(2_048).optional(),
            holder: HolderSchema.optional(),
          }),
          z.object({ unit: z.string().max(64), amount: z.string().max(64), price: Money.optional() }),
        ]),
      )
      .max(64),
    method: z.literal('cash').optional(),
    id: RequestId.optional(),
  })
  .openapi('SaleRequest')

/** What a sale did. */
export const SaleSchema = z
  .object({
    tickets: z.array(TicketSchema.extend({ event: z.string(), className: z.string() })),
    total: z.array(Money),
    commit: z.string(),
    isRepeat: z.boolean(),
  })
  .openapi('Sale')
