/**
 * How many endpoints USB device controllers have beside endpoint 0, as Linux drives them. Only those for which a driver or
 * a board's device tree states it; for others the config says the numbers.
 */
export interface EndpointCounts {
  readonly in: number
  readonly out: number
  /** Each is one of the two, as it is asked. */
  readonly either: number
}

export const USB_CONTROLLERS = {
  // [Linux 6.1] drivers/usb/gadget/udc/dummy_hcd.c, ep_info
  dummy_udc: { in: 12, out: 12, either: 0 },
  // One transmit FIFO for each IN endpoint. [Linux 6.1] arch/arm/boot/dts/bcm283x-rpi-usb-peripheral.dtsi, g-tx-fifo-size
  'dwc2-bcm283x': { in: 7, out: 7, either: 0 },
  // [RM0385] OTG_HS; [Linux 6.1] arch/arm/boot/dts/stm32f746.dtsi, g-tx-fifo-size of usbotg_hs
  'dwc2-stm32f7-hs': { in: 8, out: 8, either: 0 },
  // Eight pairs, of which one is endpoint 0. [IMX6DQRM] USB
  'chipidea-imx': { in: 7, out: 7, either: 0 },
  // [Linux 6.1] drivers/usb/musb/musb_core.c, mode_4_cfg: endpoints 13 to 15 share one FIFO for both ways
  'musb-am335x': { in: 12, out: 12, either: 3 },
  // [Linux 6.1] drivers/usb/musb/sunxi.c
  'musb-sunxi': { in: 5, out: 5, either: 0 },
  'musb-sun8i-h3': { in: 4, out: 4, either: 0 },
  // [Linux 6.1] drivers/usb/gadget/udc/at91_udc.c
  at91_udc: { in: 0, out: 0, either: 5 },
  // [Linux 6.1] drivers/usb/gadget/udc/atmel_usba_udc.c, ep_config_sam9
  'atmel_usba-sam9': { in: 0, out: 0, either: 6 },
} as const satisfies Record<string, EndpointCounts>

export type UsbController = keyof typeof USB_CONTROLLERS

/** Mass storage has a bulk pair; the others have one more IN, for notifications. [Linux 6.1] drivers/usb/gadget/function */
const STORAGE = { in: 1, out: 1 }
const WITH_NOTIFICATION = { in: 2, out: 1 }

/** What storage and `others` functions of CDC or RNDIS need together. */
export function endpointsNeeded(others: number): Pick<EndpointCounts, 'in' | 'out'> {
  return {
    in: STORAGE.in + others * WITH_NOTIFICATION.in,
    out: STORAGE.out + others * WITH_NOTIFICATION.out,
  }
}

export function haveRoom(counts: EndpointCounts, needed: Pick<EndpointCounts, 'in' | 'out'>): boolean {
  const missing = Math.max(0, needed.in - counts.in) + Math.max(0, needed.out - counts.out)
  return missing <= counts.either
}
