import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { kitSheet } from '#apps/kit'
import type { Entered } from './node-types.ts'
import { QrCode } from './qr-code.tsx'

/** The sheet of a recovery kit, as it is printed. */
export function KitSheet({ entered }: { entered: Entered }): JSX.Element {
  const sheet = useMemo(() => kitSheet({ ...entered, words: entered.recoveryKit?.words ?? '' }), [entered])
  return (
    <div class="kit-sheet">
      <p class="kit-print-title" aria-hidden="true">
        Recovery kit
      </p>
      <div class="kit-top">
        <dl class="kit-facts">
          {sheet.facts.map(({ name, value, isCode }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{isCode ? <code>{value}</code> : <bdi>{value}</bdi>}</dd>
            </div>
          ))}
        </dl>
        <QrCode text={sheet.code} label="QR code of the words" isForPaper />
      </div>
      <ol class="kit-words" data-testid="kit-words">
        {sheet.words.map((word, at) => (
          <li key={at}>{word}</li>
        ))}
      </ol>
      {sheet.advice.map(({ title, steps }) => (
        <section key={title}>
          <h2>{title}</h2>
          <ol>
            {steps.map(({ text, code }) => (
              <li key={text}>
                {text} {code !== undefined && <code>{code}</code>}
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  )
}
