import { z } from '@hono/zod-openapi'
import { parseAmount } from '#protocol/ledger/money'
import type { SplitPart, SplitRule } from '#protocol/ledger/money'
import { CoopError } from '#node/errors'
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
        device: z.string(),
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
  .object({ csv: z.string().max(4_000_000), isDry: z.boolean().default(false) })
  .openapi('ImportRequest')

/** What an import wrote, or would write. */
export const ImportSchema = z.object({
  isDry: z.boolean(),
  units: z.array(z.object({ code: z.string(), isNew: z.boolean(), amount: z.string() })),
  entries: z.number().int(),
  commits: z.array(z.string()),
})

const PartySchema = z.discriminatedUnion('way', [
  z.object({
    key: z.string(),
    way: z.literal('fixed'),
    amount: Amount.openapi({ description: 'Minor units' }),
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

/** All split rules. */
export const SplitsSchema = z.object({ splits: z.array(SplitRuleSchema) })

/** `POST /v1/ledger/split`. */
export const SplitRequest = z
  .object({
    rule: z.string().max(64),
    unit: Unit,
    amount: Amount,
    usage: z.record(z.string().max(64), Amount).optional(),
    isPaid: z.boolean().default(false),
    id: z.string().max(64).optional().openapi({ description: '32 hexadecimal digits: paid once' }),
  })
  .openapi('SplitRequest')

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
  })
  .openapi('NetRequest')

/** Payments that settle debts. */
export const NetSchema = z.object({ code: z.string(), payments: z.array(PaymentSchema) })

/** A rule as JSON has it. */
export function splitToJson(rule: SplitRule): { id: string; version: number; parties: Party[] } {
  const parties = rule.parties.map(({ key, part }): Party =>
    part.way === 'fixed' ? { key, way: part.way, amount: String(part.amount) } : { key, ...part },
  )
  return { id: rule.id, version: rule.version, parties }
}

/** The rule that JSON means. */
export function splitFromJson(json: { id: string; version: number; parties: Party[] }): SplitRule {
  return { ...json, parties: json.parties.map((it) => ({ key: it.key, part: partOf(it) })) }
}

function partOf(party: Party): SplitPart {
  switch (party.way) {
    case 'usage':
      return { way: 'usage' }
    case 'share':
      return { way: 'share', weight: party.weight }
    case 'points':
      return { way: 'points', points: party.points }
    case 'fixed': {
      const parsed = parseAmount(party.amount, 0)
      if (parsed.ok) return { way: 'fixed', amount: parsed.amount }
      throw new CoopError(
        'amount-malformed',
        `'${party.amount.slice(0, 40)}' is no fixed part (${parsed.refusal})`,
        'Give it in minor units, such as 1250 for 12.50.',
      )
    }
  }
}
