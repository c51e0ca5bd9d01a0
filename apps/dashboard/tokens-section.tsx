import type { JSX } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatQuantity, formatRelative, formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import { problemOf } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Problem, Token } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { SCOPE_TEXT } from './scope-text.ts'
import { SectionTitle } from './section-title.tsx'
import { TokenPanel } from './token-panel.tsx'

/** Who besides this page may call this device, and the end of that. */
export function TokensSection(): JSX.Element {
  const { client } = useNode()
  const [tokens, setTokens] = useState<Token[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const load = useCallback(() => {
    client.tokens().then(setTokens, (thrown: unknown) => setProblem(problemOf(thrown)))
  }, [client])
  useEffect(load, [load])
  return (
    <>
      <SectionTitle title="Access" summary={tokens === null ? '' : formatQuantity(tokens.length, 'token')} />
      <p class="lead">
        Programs such as tills, screens and scripts call this device with a token of their own. Each may do
        only what its scope says.
      </p>
      <div class="with-aside">
        <div class="stack">
          <ProblemNote problem={problem} />
          {tokens === null && problem === null && <LoadingRows what="tokens" />}
          {tokens?.length === 0 && (
            <EmptyState icon="tokens" title="No tokens">
              Make one here, or with <code>coop token create NAME</code> where this device runs.
            </EmptyState>
          )}
          {tokens !== null && tokens.length > 0 && (
            <ul class="plain rows" data-testid="tokens">
              {tokens.map((token) => (
                <TokenRow key={token.id} token={token} onTokens={setTokens} />
              ))}
            </ul>
          )}
        </div>
        <div class="aside">
          <TokenPanel onCreated={load} />
        </div>
      </div>
    </>
  )
}

function TokenRow(props: { token: Token; onTokens: (tokens: Token[]) => void }): JSX.Element {
  const { client, announce } = useNode()
  const { token } = props
  const [isAsking, setAsking] = useState(false)
  const nowMs = Date.now()
  const isExpired = token.expiresAtMs !== null && token.expiresAtMs <= nowMs
  const revoke = useAction(async () => {
    const left = await client.revokeToken(token.id)
    setAsking(false)
    announce('The token no longer works')
    props.onTokens(left)
  })
  return (
    <li class="row" data-testid="token-row">
      <span class="row-main">
        <span class="row-title">
          <bdi>{token.name}</bdi>
        </span>
        <span class="muted">
          <code>{token.id}</code> · {SCOPE_TEXT[token.scope]}
          {token.expiresAtMs !== null && (
            <>
              {' · '}
              {isExpired ? 'expired' : 'ends'} <Moment atMs={token.expiresAtMs} nowMs={nowMs} />
            </>
          )}
        </span>
        <span class="muted breakable">
          {token.lastUse === null ? (
            'Never used'
          ) : (
            <>
              Last used <Moment atMs={token.lastUse.atMs} nowMs={nowMs} />, from {token.lastUse.from}:{' '}
              <code>{token.lastUse.call}</code>
            </>
          )}
        </span>
      </span>
      <span class={`badge ${token.scope === 'admin' || isExpired ? 'badge-warning' : ''}`}>
        {isExpired ? 'expired' : token.scope}
      </span>
      <button
        type="button"
        class="button button-quiet"
        data-testid="token-revoke"
        aria-label={`Revoke ${token.name}`}
        onClick={() => setAsking(true)}
      >
        <Icon name="trash" />
        Revoke
      </button>
      {isAsking && (
        <ConfirmDialog
          title="Revoke this token?"
          confirmLabel="Revoke"
          isBusy={revoke.isBusy}
          problem={revoke.problem}
          onConfirm={revoke.run}
          onClose={() => setAsking(false)}
        >
          <p>
            <bdi>{token.name}</bdi> can no longer call this device, and what it has open ends. This cannot be
            taken back; a new token can be made.
          </p>
        </ConfirmDialog>
      )}
    </li>
  )
}

function Moment({ atMs, nowMs }: { atMs: number; nowMs: number }): JSX.Element {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
      {formatRelative(atMs, nowMs)}
    </time>
  )
}
