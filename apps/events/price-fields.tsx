import type { JSX } from 'preact'
import { Field, Symbol } from '#apps/page'
import type { ClassDraft, PriceDraft } from './class-draft.ts'
import { usePage } from './page-context.ts'

/** What a class costs, and from when until when. The first window that is open counts. */
export function PriceFields(props: {
  draft: ClassDraft
  currencies: readonly string[]
  problem: (field: string) => string | null
  onDraft: (change: Partial<ClassDraft>) => void
}): JSX.Element {
  const { draft, problem, onDraft } = props
  const { texts } = usePage()
  const { prices } = draft
  const isSimple = prices.length <= 1 && (prices[0]?.from ?? '') === '' && (prices[0]?.until ?? '') === ''
  const set = (at: number, change: Partial<PriceDraft>): void =>
    onDraft({ prices: prices.map((it, i) => (i === at ? { ...it, ...change } : it)) })
  return (
    <fieldset class="choice stack">
      <legend>{texts.prices.title}</legend>
      {prices.map((it, i) => (
        <div key={i} class="price-row">
          <Field
            label={prices.length === 1 ? texts.prices.amount : texts.prices.numbered(String(i + 1))}
            optionalText={texts.optional}
            inputMode="decimal"
            maxLength={14}
            placeholder="12.00"
            value={it.amount}
            problem={problem(`price-${i}`)}
            onValue={(amount) => set(i, { amount })}
            testId="price-amount"
          />
          {i === 0 && (
            <Field
              label={texts.prices.currency}
              isRequired
              maxLength={24}
              list="currencies"
              value={draft.currency}
              problem={problem('currency')}
              onValue={(currency) => onDraft({ currency: currency.toUpperCase() })}
            />
          )}
          {!isSimple && (
            <>
              <Field
                label={texts.prices.from}
                optionalText={texts.optional}
                type="datetime-local"
                value={it.from}
                onValue={(from) => set(i, { from })}
                testId="price-from"
              />
              <Field
                label={texts.prices.until}
                optionalText={texts.optional}
                type="datetime-local"
                value={it.until}
                problem={problem(`price-until-${i}`)}
                onValue={(until) => set(i, { until })}
                testId="price-until"
              />
              {prices.length > 1 && (
                <button
                  type="button"
                  class="button button-quiet"
                  onClick={() => onDraft({ prices: prices.filter((_, at) => at !== i) })}
                >
                  <Symbol name="minus" />
                  {texts.prices.remove(String(i + 1))}
                </button>
              )}
            </>
          )}
        </div>
      ))}
      <datalist id="currencies">
        {props.currencies.map((it) => (
          <option key={it} value={it} />
        ))}
      </datalist>
      <p class="hint">{texts.prices.hint}</p>
      {prices.length < PRICES_MAX && (
        <button
          type="button"
          class="button button-start"
          data-testid="price-add"
          onClick={() => onDraft({ prices: [...prices, { amount: '', from: '', until: '' }] })}
        >
          <Symbol name="plus" />
          {texts.prices.add}
        </button>
      )}
    </fieldset>
  )
}

/** Windows that a form shows. A guess: presale in steps; the API takes 64. */
const PRICES_MAX = 12
