/* tests/models/ring_wakeup.pml -- the ring between two threads and the sleep of its reader, on a processor with store
 * buffers (TSO: a thread's stores become visible in order, but later than its next loads are done).
 *
 * Claims     What is read is what was written, in order, and nothing is overwritten; the reader never sleeps for ever
 *            beside something to read (a deadlock of the model).
 * Mutants    NOFENCE     no fence between a store and the load of the other's word
 *            NORECHECK   the reader sleeps without a second look
 *            TAIL_FIRST  the index is published before what stands there
 *            OFFBYONE    one element more than there is room
 */
#define ROOM 2
#ifndef ELEMENTS
#define ELEMENTS 5
#endif
#define TAIL 2   /* Words of memory: 0 and 1 are the slots. */
#define HEAD 3
#define SLEEPS 4
byte memory[5];
chan writes = [4] of { byte, byte };  /* Stores of the writer that nobody else sees yet. */
chan reads = [4] of { byte, byte };   /* And of the reader. */
chan wake = [1] of { bit };
byte got;

inline fence(buffer) {
#ifdef NOFENCE
  skip
#else
  len(buffer) == 0
#endif
}
active proctype drain_writes() { byte a, v; end: do :: atomic { writes?a,v -> memory[a] = v } od }
active proctype drain_reads() { byte a, v; end: do :: atomic { reads?a,v -> memory[a] = v } od }

active proctype writer() {
  byte tail = 0, i = 1, sleeps;
  do
  :: i <= ELEMENTS ->
#ifdef OFFBYONE
     (tail - memory[HEAD] <= ROOM);
#else
     (tail - memory[HEAD] < ROOM);
#endif
#ifdef TAIL_FIRST
     writes!TAIL,(tail + 1); writes!(tail % 2),i;
#else
     writes!(tail % 2),i; writes!TAIL,(tail + 1);
#endif
     tail = tail + 1; i = i + 1;
     fence(writes);
     sleeps = memory[SLEEPS];
     if
     :: sleeps == 1 -> if :: nfull(wake) -> wake!1 :: full(wake) -> skip fi
     :: else -> skip
     fi
  :: else -> break
  od
}
active proctype reader() {
  byte head = 0, tail, v; bit token;
  do
  :: got < ELEMENTS ->
     tail = memory[TAIL];
     if
     :: tail == head ->
        reads!SLEEPS,1; fence(reads);
#ifndef NORECHECK
        tail = memory[TAIL];
#endif
        if :: tail == head -> wake?token :: else -> skip fi;
        reads!SLEEPS,0
     :: else ->
        v = memory[head % 2]; assert(v == got + 1);
        got = got + 1; head = head + 1; reads!HEAD,head
     fi
  :: else -> break
  od
}
