/* tests/models/snapshots.pml -- barriers, firing timers, epochs and sinks that publish exactly once, under crashes.
 *
 *   source A --qa--> operator --qs--> sink          One job; it may crash before any step, and goes on.
 *   source B --qb-->
 *
 * Sources    Send record, watermark, record, watermark, ...; their offset is what a snapshot keeps of them. After a restore
 *            they say their watermark again.
 * Operator   Sets a timer with each record. When the watermark of both inputs rises it fires what is due one by one, and
 *            reads on meanwhile; its own watermark leaves behind the last one due. A barrier does not wait for that:
 *            timers not fired yet are state, and so is a watermark that has come in and not yet left.
 * Sink       Holds rows back until the epoch behind them is durable.
 *              default    A transaction with the epoch as marker. An epoch without rows has none: its manifest names the
 *                         last one that had (last_output), and a start takes the newest with last_output == marker.
 *              -DOUTBOX   Two sinks. Rows stand in the snapshot; a start publishes what the newest manifest says.
 * Claims     No row is lost or doubled; no record is late and no row comes behind its watermark, over restarts too; a
 *            snapshot is exactly what came before its barriers; the snapshot to start from is there.
 * Mutants    NOALIGN TIMERS_LOST WATERMARK_AHEAD NEWEST_MANIFEST EARLY_COMMIT GC_EARLY TWO_TRANSACTIONS OLD_MARKER
 *            EMPTY_TAKES_MARKER: each breaks one rule, and must fail.
 */
#ifndef EPOCHS
#define EPOCHS 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#define REC 0
#define BAR 1
#define WM 2
#ifndef ROWS
#define ROWS 2          /* Of each source. */
#endif
#define END (2 * ROWS) /* Elements of each source. */

chan qa = [2] of { byte, byte };
chan qb = [2] of { byte, byte };
chan qs = [3] of { byte, byte };

/* What a crash takes away. */
byte offA, offB;                 /* Elements that the sources have sent. */
byte setA, setB, firedA, firedB; /* Timers: set in the order of their windows, and fired so. */
byte wA, wB, w, wout;            /* Watermarks: of the inputs, of the operator, sent on. */
byte blockA, blockB;             /* The epoch whose barrier blocks the input; 0: none. */
byte cp;                         /* The epoch in flight; 0: none. */
bit sentA, sentB, ackOp, ackSink;
byte sw;                         /* What the sink knows of the time. */
byte openA, openB;               /* Rows since the last barrier. */
byte prepA, prepB, prepE; bit prepared;

/* What stays. */
byte next = 1;                   /* Epochs are never used twice. */
byte dOffA[EPOCHS + 1], dOffB[EPOCHS + 1], dSetA[EPOCHS + 1], dSetB[EPOCHS + 1];
byte dFiredA[EPOCHS + 1], dFiredB[EPOCHS + 1], dW[EPOCHS + 1], dWout[EPOCHS + 1];
bit manifest[EPOCHS + 1], there[EPOCHS + 1];
byte newest;                     /* The epoch that is gone on from. */
byte visA, visB, marker;         /* Seen by readers. */
#ifdef OUTBOX
byte dRowsA[EPOCHS + 1], dRowsB[EPOCHS + 1], vis2A, vis2B, marker2;
#else
byte last_output[EPOCHS + 1];
#endif
byte crashes; bit finished;
byte t, e;                       /* Of one step. */

inline clear_ring(q) { do :: len(q) > 0 -> q?t,e :: else -> break od }
inline forget_before(epoch) {
  t = 1; do :: t < epoch -> there[t] = 0; t++ :: else -> break od; t = 0
}
inline rise() {
  t = (wA < wB -> wA : wB);
  w = (t > w -> t : w); t = 0
}
inline forget_acks() { sentA = 0; sentB = 0; ackOp = 0; ackSink = 0 }

inline choose_epoch() {
#ifdef OUTBOX
  e = newest;
  if :: e > marker -> visA = visA + dRowsA[e]; visB = visB + dRowsB[e]; marker = e :: else fi;
  if :: e > marker2 -> vis2A = vis2A + dRowsA[e]; vis2B = vis2B + dRowsB[e]; marker2 = e :: else fi
#else
#if defined(NEWEST_MANIFEST) || defined(EARLY_COMMIT)
  e = newest
#else
#ifdef OLD_MARKER
  e = marker
#else
  e = next - 1;
  do :: e > 0 && !(manifest[e] && last_output[e] == marker) -> e-- :: else -> break od
#endif
#endif
#endif
}

inline recover() {
  clear_ring(qa); clear_ring(qb); clear_ring(qs);
  openA = 0; openB = 0; prepA = 0; prepB = 0; prepE = 0; prepared = 0; sw = 0;
  choose_epoch();
  assert(e == 0 || there[e]);
  newest = e;
  offA = dOffA[e]; offB = dOffB[e];
  setA = dSetA[e]; setB = dSetB[e]; firedA = dFiredA[e]; firedB = dFiredB[e];
  w = dW[e]; wout = dWout[e]; wA = 0; wB = 0;
  blockA = 0; blockB = 0; cp = 0;
  forget_acks();
  if :: offA > 1 -> qa!WM,(offA / 2) :: else fi;
  if :: offB > 1 -> qb!WM,(offB / 2) :: else fi;
  if :: wout > 0 -> qs!WM,wout :: else fi;
  t = 0; e = 0
}

inline send(q, off) {
  if :: off % 2 == 0 -> q!REC,(off / 2 + 1) :: else -> q!WM,((off + 1) / 2) fi;
  off++
}
/* A barrier of a later epoch ends the alignment on an earlier one; an earlier barrier is dropped. */
inline on_input(q, set, mark, block, other) {
  q?t,e;
  if
  :: t == REC -> assert(e > w); set++
  :: t == WM -> mark = e; rise()
  :: t == BAR ->
     if
     :: e >= other -> block = e; if :: other != 0 && other < e -> other = 0 :: else fi
     :: else -> skip
     fi
  fi;
  t = 0; e = 0
}

inline capture(epoch) {
  dSetA[epoch] = setA; dSetB[epoch] = setB; dW[epoch] = w; dWout[epoch] = wout;
  dFiredA[epoch] = firedA; dFiredB[epoch] = firedB;
#ifdef TIMERS_LOST
  dFiredA[epoch] = (setA < w -> setA : w); dFiredB[epoch] = (setB < w -> setB : w);
#endif
#ifdef WATERMARK_AHEAD
  dWout[epoch] = w;
#endif
  assert(setA == (dOffA[epoch] + 1) / 2 && setB == (dOffB[epoch] + 1) / 2);
  assert(w == (dOffA[epoch] < dOffB[epoch] -> dOffA[epoch] : dOffB[epoch]) / 2);
  ackOp = 1
}

inline prepare(epoch) {
  ackSink = 1;
#ifdef OUTBOX
  dRowsA[epoch] = openA; dRowsB[epoch] = openB;
  prepA = openA; prepB = openB; prepE = epoch; prepared = 1; openA = 0; openB = 0
#else
  last_output[epoch] = marker;
#ifdef EMPTY_TAKES_MARKER
  last_output[epoch] = epoch;
#endif
  if
  :: openA + openB > 0 ->
     last_output[epoch] = epoch;
     prepA = openA; prepB = openB; prepE = epoch; prepared = 1; openA = 0; openB = 0
  :: else -> skip
  fi
#endif
}

active proctype job() {
  do
  :: d_step { !finished && cp == 0 && next <= EPOCHS && !prepared -> cp = next; next++; forget_acks() }
  :: d_step { cp != 0 && newest != cp && next <= EPOCHS -> cp = 0 }  /* Given up. */

  :: d_step { offA < END && len(qa) < 2 -> send(qa, offA) }
  :: d_step { offB < END && len(qb) < 2 -> send(qb, offB) }
  :: d_step { cp != 0 && !sentA && len(qa) < 2 -> dOffA[cp] = offA; sentA = 1; qa!BAR,cp }
  :: d_step { cp != 0 && !sentB && len(qb) < 2 -> dOffB[cp] = offB; sentB = 1; qb!BAR,cp }

#ifdef NOALIGN
  :: d_step { len(qa) > 0 -> on_input(qa, setA, wA, blockA, blockB) }
  :: d_step { len(qb) > 0 -> on_input(qb, setB, wB, blockB, blockA) }
#else
  :: d_step { len(qa) > 0 && blockA == 0 -> on_input(qa, setA, wA, blockA, blockB) }
  :: d_step { len(qb) > 0 && blockB == 0 -> on_input(qb, setB, wB, blockB, blockA) }
#endif
  /* Barriers first or timers first: both happen. */
  :: d_step { blockA != 0 && blockA == blockB && len(qs) < 3 ->
       if :: blockA == cp -> capture(cp) :: else -> skip fi;
       qs!BAR,blockA; blockA = 0; blockB = 0 }
  :: d_step { firedA < setA && firedA < w && len(qs) < 3 -> firedA++; qs!REC,firedA }
  :: d_step { firedB < setB && firedB < w && len(qs) < 3 -> firedB++; qs!REC,(firedB + 10) }
  :: d_step { wout < w && firedA >= w && firedB >= w && len(qs) < 3 -> wout = w; qs!WM,w }

  :: d_step { len(qs) > 0 && !(prepared && qs?[BAR,_]) ->
       qs?t,e;
       if
       :: t == REC -> assert(e % 10 > sw); if :: e < 10 -> openA++ :: else -> openB++ fi
       :: t == WM -> sw = e
       :: t == BAR -> if :: e == cp -> prepare(e) :: else -> skip fi
       fi;
       t = 0; e = 0 }
  /* Rows of an epoch that was given up go with the next. */
#ifdef TWO_TRANSACTIONS
  :: d_step { prepared && prepE != cp && !manifest[prepE] ->
       visA = visA + prepA; visB = visB + prepB; prepA = 0; prepB = 0; prepared = 0 }
#else
  :: d_step { prepared && prepE != cp && !manifest[prepE] ->
       openA = openA + prepA; openB = openB + prepB; prepA = 0; prepB = 0; prepared = 0 }
#endif

  :: d_step { cp != 0 && ackOp && ackSink && sentA && sentB && !manifest[cp] ->
       manifest[cp] = 1; there[cp] = 1; newest = cp;
#ifdef GC_EARLY
       forget_before(cp);
#endif
#ifdef EARLY_COMMIT
       cp = 0
#else
       if :: !prepared -> forget_before(cp); cp = 0 :: else -> skip fi
#endif
     }
#ifdef EARLY_COMMIT
  :: d_step { prepared && prepE == cp ->
       visA = visA + prepA; visB = visB + prepB; marker = prepE; prepA = 0; prepB = 0; prepared = 0 }
#else
#ifdef OUTBOX
  :: d_step { prepared && prepE == cp && manifest[cp] && marker < cp ->
       visA = visA + prepA; visB = visB + prepB; marker = cp }
  :: d_step { prepared && prepE == cp && manifest[cp] && marker2 < cp ->
       vis2A = vis2A + prepA; vis2B = vis2B + prepB; marker2 = cp }
  :: d_step { prepared && prepE == cp && marker == cp && marker2 == cp ->
       prepA = 0; prepB = 0; prepared = 0; forget_before(cp); cp = 0 }
#else
  :: d_step { prepared && prepE == cp && manifest[cp] ->
       visA = visA + prepA; visB = visB + prepB; marker = cp; prepA = 0; prepB = 0; prepared = 0;
       forget_before(cp); cp = 0 }
#endif
#endif

  :: d_step { crashes < CRASHES && !finished -> crashes++; recover() }
  :: d_step { !finished && newest != 0 && dOffA[newest] == END && dOffB[newest] == END &&
              dWout[newest] == ROWS && !prepared && cp == 0 ->
       finished = 1;
#ifdef OUTBOX
       assert(vis2A == ROWS && vis2B == ROWS);
#endif
       assert(visA == ROWS && visB == ROWS) }
  :: finished -> break
  od
}
active proctype reader() { assert(visA <= ROWS && visB <= ROWS) }
