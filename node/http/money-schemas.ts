import { z } from '@hono/zod-openapi'
import { parseAmount } from '#protocol/ledger/money'
import type { SplitPart, SplitRule } from '#protocol/ledger/money'
import { CoopError } from '#node/errors'
import { DeviceNameSchema, RequestId } from './ledger-schemas.ts'
import { Member } from './schemas.ts'

const Amount = z.string().max(64)
const Unit = z.string().min(1).max(64)
const Time = z.coerce.number().int().min(0)

/** Whose books, and of which time. */
export const StatementQuery = z.object({
  member: Member.optional(),
  fromMs: Time.optional().openapi({ description: 'First millisecond of the period' }),
  untilMs: Time.optional().openapi({ description: 'The one after its last' }),
})

/** A statement. */
export const StatementSchema = z
  .object({
    member: z.object({ member: z.string(), name: z.string() }).nullable(),
    period: z.object({ fromMs: z.number().nullable(), untilMs: z.number().nullable() }),
    lines: z.array(
      z.object({
        account: z.string(),
        member: z.string(),
        memberName: z.string(),
        device: z.string().openapi({ description: 'PeerId' }),
        deviceName: z.string(),
        unit: z.string(),
        code: z.string(),
        opening: z.string(),
        up: z.string(),
        down: z.string(),
        closing: z.string(),
      }),
    ),
    units: z.array(z.object({ unit: z.string(), code: z.string(), isBalanced: z.boolean() })),
  })
  .openapi('Statement')

/** `POST /v1/ledger/import`. */
export const ImportRequest = z
  .object({
    csv: z.string().max(4_194_304).openapi({ description: 'All characters of the file' }),
    isDry: z.boolean().default(false).openapi({ description: 'Only say what it would write' }),
  })
  .openapi('ImportRequest')

/** What an import wrote, or would write. */
export const ImportSchema = z.object({
  isDry: z.boolean(),
  units: z.array(z.object({ code: z.string(), kind: z.string(), isNew: z.boolean(), amount: z.string() })),
  holdings: z.array(
    z.object({ device: DeviceNameSchema, isOwn: z.boolean(), code: z.string(), amount: z.string() }),
  ),
  entries: z.number().int(),
  entriesBefore: z
    .number()
    .int()
    .openapi({ description: 'Entries that the same file has brought in before: not written again' }),
  commits: z.array(z.string()),
})

/** What is wrong with a file. */
export const ImportErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      next: z.string(),
      lines: z
        .array(
          z.object({
            line: z.number().int().openapi({ description: 'From 1; 0 for the file as a whole' }),
            column: z.number().int().openapi({ description: 'From 1; 0 for the line as a whole' }),
            columnName: z.string(),
            refusal: z.string(),
            message: z.string(),
          }),
        )
        .optional(),
    }),
  })
  .openapi('ImportError')

const PartySchema = z.discriminatedUnion('way', [
  z.object({
    key: z.string(),
    way: z.literal('fixed'),
    amount: Amount.openapi({
      description: 'Minor units, or by the scale of the unit that is given with the rule',
    }),
  }),
  z.object({ key: z.string(), way: z.literal('points'), points: z.number().int() }),
  z.object({ key: z.string(), way: z.literal('share'), weight: z.number().int() }),
  z.object({ key: z.string(), way: z.literal('usage') }),
])
type Party = z.infer<typeof PartySchema>

/** A split rule: parties by name or key of a member. */
export const SplitRuleSchema = z
  .object({ id: z.string(), version: z.number().int(), parties: z.array(PartySchema).max(1_000) })
  .openapi('SplitRule')

/** A rule to write down, or to look at. */
export const SplitRuleRequest = SplitRuleSchema.extend({
  unit: Unit.optional().openapi({
    description: 'Fixed parts are amounts of this unit by its scale, `12.50`; without it minor units',
  }),
}).openapi('SplitRuleRequest')

/** All split rules. */
export const SplitsSchema = z.object({ splits: z.array(SplitRuleSchema) })

const SplitAmount = z.object({
  unit: Unit,
  amount: Amount,
  usage: z.record(z.string().max(64), Amount).optional(),
})

/** `POST /v1/ledger/split`. */
export const SplitRequest = SplitAmount.extend({
  rule: z.string().max(64),
  isPaid: z.boolean().default(false),
  id: RequestId,
}).openapi('SplitRequest')

/** `POST /v1/ledger/splits/preview`. */
export const SplitPreviewRequest = SplitAmount.extend({ rule: SplitRuleSchema }).openapi(
  'SplitPreviewRequest',
)

const PaymentSchema = z.object({ from: z.string().nullable(), to: z.string(), amount: z.string() })

/** The parts of an amount. */
export const SplitSchema = z.object({
  version: z.number().int(),
  code: z.string(),
  parts: z.array(PaymentSchema),
  commit: z.string().nullable(),
})

/** `POST /v1/ledger/net`. */
export const NetRequest = z
  .object({
    unit: Unit,
    debts: z
      .array(z.object({ debtor: z.string().max(64), creditor: z.string().max(64), amount: Amount }))
      .max(100_000),
    isPaid: z
      .boolean()
      .default(false)
      .openapi({ description: 'This device hands over what its member pays' }),
    id: RequestId,
  })
  .openapi('NetRequest')

/** Payments that settle debts. */
export const NetSchema = z.object({
  code: z.string(),
  payments: z.array(PaymentSchema.extend({ from: z.string() })),
  balances: z
    .array(z.object({ key: z.string(), amount: z.string() }))
    .openapi({ description: 'What each gets (above zero) or pays (below); they sum to zero' }),
  commit: z.string().nullable(),
})

/** A rule as JSON has it. */
export function splitToJson(rule: SplitRule): { id: string; version: number; parties: Party[] } {
  const parties = rule.parties.map(({ key, part }): Party =>
    part.way === 'fixed' ? { key, way: part.way, amount: String(part.amount) } : { key, ...part },
  )
  return { id: rule.id, version: rule.version, parties }
}

/** The rule that JSON means; fixed parts by the scale of a unit, or null for minor units. */
export function splitFromJson(
  { id, version, parties }: z.infer<typeof SplitRuleSchema>,
  scale: number | null,
): SplitRule {
  return { id, version, parties: parties.map((it) => ({ key: it.key, part: partOf(it, scale) })) }
}

function partOf(party: Party, scale: number | null): SplitPart {
  switch (party.way) {
    case 'usage':
      return { way: 'usage' }
    case 'share':
      return { way: 'share', weight: party.weight }
    case 'points':
      return { way: 'points', points: party.points }
    case 'fixed': {
      const parsed = parseAmount(party.amount, scale ?? 0)
      if (parsed.ok) return { way: 'fixed', amount: parsed.amount }
      throw new CoopError(
        'amount-malformed',
        `'${party.amount.slice(0, 40)}' is no fixed part (${parsed.refusal})`,
        scale === null
          ? 'Give it in minor units, such as 1250 for 12.50, or name a unit beside it.'
          : `${parsed.message.charAt(0).toUpperCase()}${parsed.message.slice(1)}.`,
      )
    }
  }
}
