import type { Engine } from '#node/engine'
import type { Finding } from '#node/findings'
import type { CoopNode } from './coop-node.ts'

/** What a person is told of: a stable code, what is the matter, what to do. */
export interface Warning {
  code: string
  message: string
  next: string
}

/** Warnings about what the disk lost or changed. */
export function damageWarnings(node: CoopNode): Warning[] {
  const engine = node.membershipOrNull?.engine
  const warnings = engine === undefined ? [] : logWarnings(engine)
  const found = node.findings.all()
  const pending = found.filter((it) => it.severity === 'pending' && !TOLD_ELSEWHERE.has(it.code))
  const lost = found.filter((it) => it.severity === 'lost')
  const repaired = found.filter((it) => it.severity === 'repaired')
  if (pending.length > 0)
    warnings.push(told('data-damaged', pending, 'damaged on this disk and not whole yet'))
  if (lost.length > 0) warnings.push(told('data-damaged', lost, 'lost from this disk'))
  if (repaired.length > 0) warnings.push(told('data-repaired', repaired, 'damaged on this disk and repaired'))
  return warnings
}

/** The warning for a document whose state cannot be put together. */
export function documentWarning(id: string, cause: unknown): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  return {
    code: 'data-damaged',
    message: `the document '${id}' cannot be put together: ${why}`,
    next: NEXT,
  }
}

/** Findings that have a warning of their own. */
const TOLD_ELSEWHERE: ReadonlySet<Finding['code']> = new Set([
  'log-commit',
  'log-hole',
  'log-short',
  'own-chain',
])
const NEXT =
  'Connect to another device of the co-op: what it holds is fetched again. `coop doctor` names everything. Check the disk.'

function logWarnings(engine: Engine): Warning[] {
  const warnings: Warning[] = []
  const refusal = engine.writeRefusal
  if (refusal?.code === 'chain-incomplete') warnings.push(refusal.toJSON().error)
  const damaged = engine.damaged.length
  if (damaged > 0)
    warnings.push({ code: 'data-damaged', message: `${damaged} stored commits cannot be read`, next: NEXT })
  if (engine.missingCount > 0 && refusal?.code !== 'chain-incomplete')
    warnings.push({
      code: 'data-damaged',
      message: `the end of the commit log is lost: at least ${engine.missingCount} commits`,
      next: NEXT,
    })
  if (engine.hasLoose)
    warnings.push({
      code: 'data-damaged',
      message: 'stored commits wait for one before them that the disk lost',
      next: NEXT,
    })
  return warnings
}

function told(code: string, findings: readonly Finding[], what: string): Warning {
  const [first] = findings
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : ''
  const next =
    code === 'data-repaired' ? '`coop doctor` names everything. Check the disk: it may fail.' : NEXT
  return { code, message: `${what}: ${first?.message ?? ''}${more}`, next }
}
