import { z } from '@hono/zod-openapi'
import { MEMO_LENGTH_MAX, MOVES, UNIT_KINDS } from '#protocol/ledger'
import type { MoveName, UnitKind } from '#protocol/ledger'
import { ENTRY_TYPES, HISTORY_ROWS_MAX } from '#node/host'
import { Device, Member } from './schemas.ts'

const Amount = z.string().max(64).openapi({ description: 'By the scale of the unit: `12.50`' })
const Unit = z.string().min(1).max(64).openapi({ description: 'Id, beginning of it, or code' })
/** What its caller names a request. */
export const RequestId = z
  .string()
  .max(64)
  .optional()
  .openapi({ description: '32 hexadecimal digits: a request that is sent twice is written once' })
/** A device as people see it. */
export const DeviceNameSchema = z.object({
  device: z.string().openapi({ description: 'PeerId' }),
  deviceName: z.string(),
  member: z.string(),
  name: z.string(),
})

/** A unit with its sums over all devices. */
export const UnitSchema = z
  .object({
    id: z.string(),
    code: z.string(),
    kind: z.enum(UNIT_KINDS as [UnitKind, ...UnitKind[]]),
    scale: z.number().int(),
    name: z.string(),
    definedBy: DeviceNameSchema,
    relayMax: z.string().nullable(),
    expiresMs: z.number().int().nullable(),
    sums: z
      .object({
        issued: z.string(),
        replaced: z.string().openapi({ description: 'Issued by seals against loss accounts' }),
        held: z.string(),
        inFlight: z.string(),
        used: z.string(),
        returned: z.string(),
        writtenBack: z.string(),
        deficits: z.string().openapi({ description: 'What holdings below zero lack' }),
        loss: z.string().openapi({ description: 'What loss accounts bear' }),
        issuable: z.string(),
        credit: z.string(),
      })
      .openapi({
        description: 'issued + replaced = held + inFlight + used + returned + writtenBack - deficits',
      }),
  })
  .openapi('Unit')

/** What one device has of one unit. */
export const BalanceSchema = z
  .object({
    unit: z.string(),
    code: z.string(),
    device: DeviceNameSchema,
    isOwn: z.boolean(),
    held: z.string(),
    incoming: z.string(),
    issuable: z.string(),
    credit: z.string(),
    used: z.string(),
    returned: z.string(),
    loss: z.string(),
    deficit: z.string(),
  })
  .openapi('Balance')

/** `POST /v1/ledger/units`. */
export const DefineRequest = z
  .object({
    code: z.string().max(64),
    kind: z.enum(UNIT_KINDS as [UnitKind, ...UnitKind[]]),
    name: z.string().max(200).optional(),
    scale: z.number().int().optional(),
    supply: Amount.optional(),
    relayMax: Amount.optional(),
    expiresMs: z.number().int().positive().optional(),
    id: RequestId,
  })
  .openapi('DefineRequest')

const notes = {
  memo: z.string().max(MEMO_LENGTH_MAX).optional(),
  ref: z.string().max(MEMO_LENGTH_MAX).optional().openapi({ description: 'What it pays for' }),
  reverses: z
    .string()
    .max(128)
    .optional()
    .openapi({ description: '`COMMIT/INDEX` of the entry that it takes back' }),
}

const MOVE_NAMES = Object.keys(MOVES) as [MoveName, ...MoveName[]]

/** `POST /v1/ledger/entries`. */
export const EntriesRequest = z
  .object({
    entries: z
      .array(
        z.discriminatedUnion('type', [
          z.object({ type: z.enum(MOVE_NAMES), unit: Unit, amount: Amount, ...notes }),
          z.object({
            type: z.literal('transfer'),
            unit: Unit,
            amount: Amount,
            to: Device,
            expiresMs: z.number().int().positive().optional(),
            ...notes,
          }),
        ]),
      )
      .min(1)
      .max(4_096)
      .openapi({ description: 'They stand or fall together' }),
    id: RequestId,
  })
  .openapi('EntriesRequest')

/** What a write did. */
export const WrittenSchema = z.object({ commit: z.string(), isRepeat: z.boolean() })

/** A unit that was made. */
export const DefinedSchema = WrittenSchema.extend({ unit: z.string() })

/** Whose balances. */
export const BalanceQuery = z.object({
  unit: Unit.optional(),
  device: Device.optional(),
  member: Member.optional(),
})

/** Which entries. */
export const HistoryQuerySchema = BalanceQuery.extend({
  type: z.enum(ENTRY_TYPES as [string, ...string[]]).optional(),
  text: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: 'In memo, reference, code or name; or the beginning of the commit id' }),
  before: z.coerce.number().int().min(0).optional().openapi({ description: '`next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(HISTORY_ROWS_MAX).default(50),
})

const EntrySchema = z
  .object({
    commit: z.string(),
    index: z.number().int(),
    order: z.number().int(),
    timeMs: z.number(),
    device: DeviceNameSchema,
    type: z.enum(ENTRY_TYPES as [string, ...string[]]),
    unit: z.string(),
    code: z.string(),
    amount: z.string(),
    to: DeviceNameSchema.nullable(),
    expiresMs: z.number().nullable(),
    memo: z.string().nullable(),
    ref: z.string().nullable(),
    reverses: z.string().nullable(),
    state: z.enum(['counted', 'on-the-way', 'not-counted', 'void']),
    acceptedBy: z.array(z.string()).openapi({ description: 'Commits by which the receiver accepted it' }),
  })
  .openapi('LedgerEntry')

/** A page of entries, the newest first. */
export const HistorySchema = z.object({
  entries: z.array(EntrySchema),
  next: z.number().int().nullable(),
  looked: z.number().int(),
})

/** Of each unit, what can be sold here without the mesh, and what others hold. */
export const RightsSchema = z.object({
  rights: z.array(
    z.object({
      unit: z.string(),
      code: z.string(),
      here: z.string().openapi({ description: 'What this device can sell or spend now, cut off or not' }),
      reachable: z.string().openapi({ description: 'Held by devices that are connected now' }),
      elsewhere: z.string().openapi({ description: 'Held by devices that are not connected' }),
      stranded: z.string().openapi({ description: 'Held by devices that are closed, left or suspended' }),
      marks: z
        .object({ low: z.string(), high: z.string() })
        .nullable()
        .openapi({ description: 'Below `low` this device asks others for more, up to `high`' }),
      devices: z.array(
        z.object({
          device: DeviceNameSchema,
          isOwn: z.boolean(),
          held: z.string(),
          incoming: z.string(),
          loss: z.string(),
          state: z.enum(['here', 'reachable', 'elsewhere', 'stranded']),
        }),
      ),
    }),
  ),
})

/** `POST /v1/ledger/take`: a share by a rule, or so much more than there is. */
export const TakeRequest = z
  .object({ unit: Unit, rule: z.enum(['even', 'forecast']).optional(), amount: Amount.optional() })
  .refine((it) => (it.rule === undefined) !== (it.amount === undefined), {
    message: 'give a rule or an amount',
  })
  .openapi('TakeRequest')

/** What came of it. */
export const TakenSchema = z.object({
  unit: z.string(),
  code: z.string(),
  wanted: z.string(),
  taken: z.string(),
  here: z.string(),
  from: z.array(z.object({ device: DeviceNameSchema, amount: z.string(), why: z.string().nullable() })),
})

/** `POST /v1/ledger/keep`: marks of a unit; null takes them away. */
export const KeepRequest = z
  .object({ unit: Unit, marks: z.object({ low: Amount, high: Amount }).nullable() })
  .openapi('KeepRequest')
