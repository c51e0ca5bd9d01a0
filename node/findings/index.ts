export { FINDINGS_MAX, FindingLog } from './finding.ts'
export type { Finding, FindingCode, Severity } from './finding.ts'
