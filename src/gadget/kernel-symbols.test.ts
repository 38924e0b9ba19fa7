import { describe, expect, it } from 'vitest'
import { stateInConfig, switchOnHint, symbolsOfKbuild } from './kernel-symbols.js'

describe('symbolsOfKbuild', () => {
  it('reads what each symbol switches on', () => {
    const text = `# USB
obj-$(CONFIG_USB_GADGET)\t+= udc-core.o
g_zero-y := zero.o
obj-$(CONFIG_USB_BDC_UDC)\t+= bdc/
obj-$(CONFIG_SND) := a.o \\
\tb.o
obj-y += always.o
`
    expect(Object.fromEntries(symbolsOfKbuild(text))).toEqual({ udc_core: 'USB_GADGET', a: 'SND', b: 'SND' })
  })
})

describe('stateInConfig', () => {
  it('tells what is on, what is a module, and what is off', () => {
    const config = 'CONFIG_A=y\nCONFIG_AB=m\n# CONFIG_B is not set\n'
    expect(['A', 'AB', 'B', 'C'].map((symbol) => stateInConfig(config, symbol))).toEqual(['y', 'm', 'off', 'off'])
  })
})

describe('switchOnHint', () => {
  it('names the symbol, and what is left to do', () => {
    expect(switchOnHint({ name: 'A' })).toBe('Switch it on by CONFIG_A=m, then make modules, and make modules_install')
    expect(switchOnHint({ name: 'A', state: 'off' })).toMatch(/^Switch it on by CONFIG_A=m/)
    expect(switchOnHint({ name: 'A', state: 'm' })).toMatch(
      /^CONFIG_A=m is in \.config: what is missing is make modules/,
    )
    expect(switchOnHint({ name: 'A', state: 'y' })).toMatch(
      /^CONFIG_A=y is in \.config, but the kernel was built without/,
    )
  })
})
