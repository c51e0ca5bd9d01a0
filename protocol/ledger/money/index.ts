export {
  AMOUNT_DIGITS_MAX,
  AMOUNT_LIMIT,
  SCALE_MAX,
  formatAmount,
  isAmount,
  isScale,
  parseAmount,
  showAmount,
} from './amount.ts'
export type { AmountRefusal, AmountResult } from './amount.ts'
export {
  BASIS_POINTS,
  SPLIT_KEY_LENGTH_MAX,
  SPLIT_PARTIES_MAX,
  SPLIT_RULE_BYTES_MAX,
  SPLIT_VERSION_MAX,
  checkSplitRule,
  decodeSplitRule,
  encodeSplitRule,
} from './split-rule.ts'
export type { SplitPart, SplitParty, SplitRule, SplitRuleRefusal, SplitRuleResult } from './split-rule.ts'
export { splitAmount } from './split.ts'
export type { SplitPortion, SplitRefusal, SplitResult } from './split.ts'
export { NETTING_DEBTS_MAX, NETTING_MEMBERS_MAX, netDebts } from './netting.ts'
export type { Debt, NettingRefusal, NettingResult, NettingTransfer } from './netting.ts'
