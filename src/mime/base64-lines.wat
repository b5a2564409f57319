;; Whole lines of base64 (RFC 2045 section 6.8): 57 octets become 76 characters and CRLF.
;;
;; One step takes 12 octets to 16 characters, all sixteen at once. Five steps make 80 characters of 60 octets, which is
;; more than a line: what is too much is written over by the CRLF and by the next line. So up to 7 octets are read behind
;; the last line, and 2 octets behind its CRLF are spoilt.
;;
;; `npm run assemble` makes base64-lines.wasm.ts of this; a test sees to it that it was run.
(module
  (memory (export "memory") 2)

  ;; `lines` is 1 or more
  (func (export "encodeLines") (param $from i32) (param $to i32) (param $lines i32)
    (local $end i32)
    (local $octets v128)
    (local $sextets v128)
    (loop $line
      (local.set $end (i32.add (local.get $to) (i32.const 80)))
      (loop $step
        ;; octets a b c to the number 0xNNaabbcc, four times; N is whatever is there
        (local.set $octets (v128.load (local.get $from)))
        (local.set $octets
          (i8x16.shuffle 2 1 0 0  5 4 3 3  8 7 6 6  11 10 9 9 (local.get $octets) (local.get $octets)))

        ;; each six bits to an octet of their own, the first six to the lowest octet, which is the first in memory
        (local.set $sextets
          (v128.or
            (v128.or
              (v128.and
                (i32x4.shr_u (local.get $octets) (i32.const 18))
                (v128.const i32x4 0x0000003f 0x0000003f 0x0000003f 0x0000003f))
              (v128.and
                (i32x4.shr_u (local.get $octets) (i32.const 4))
                (v128.const i32x4 0x00003f00 0x00003f00 0x00003f00 0x00003f00)))
            (v128.or
              (v128.and
                (i32x4.shl (local.get $octets) (i32.const 10))
                (v128.const i32x4 0x003f0000 0x003f0000 0x003f0000 0x003f0000))
              (v128.and
                (i32x4.shl (local.get $octets) (i32.const 24))
                (v128.const i32x4 0x3f000000 0x3f000000 0x3f000000 0x3f000000)))))

        ;; The alphabet has five runs: A-Z, a-z, 0-9, + and /. In each, a character is the six bits and a constant. Which
        ;; one: 13 for 0..25, 0 for 26..51, 1..10 for the digits 52..61, 11 for 62 and 12 for 63.
        (v128.store (local.get $to)
          (i8x16.add
            (local.get $sextets)
            (i8x16.swizzle
              (v128.const i8x16 71  -4 -4 -4 -4 -4 -4 -4 -4 -4 -4  -19  -16  65  0 0)
              (v128.or
                (i8x16.sub_sat_u (local.get $sextets) (i8x16.splat (i32.const 51)))
                (v128.and
                  (i8x16.lt_s (local.get $sextets) (i8x16.splat (i32.const 26)))
                  (i8x16.splat (i32.const 13)))))))

        (local.set $from (i32.add (local.get $from) (i32.const 12)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $step (i32.ne (local.get $to) (local.get $end))))

      ;; back to where the line ends: 60 octets were taken for 57, 80 characters written for 76 and CRLF
      (i32.store16 (i32.sub (local.get $to) (i32.const 4)) (i32.const 0x0a0d))
      (local.set $to (i32.sub (local.get $to) (i32.const 2)))
      (local.set $from (i32.sub (local.get $from) (i32.const 3)))
      (local.set $lines (i32.sub (local.get $lines) (i32.const 1)))
      (br_if $line (local.get $lines)))))
