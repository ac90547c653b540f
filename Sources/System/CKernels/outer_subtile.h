/// SUBTILE: ROWS channels of one map × VECTORS vectors of WIDTH channels of the other of a tile, from its
/// row `row` and column `column` on. Included once for each size that the registers hold; undefines
/// what it was given.

CK_INLINE void SUBTILE(const ck_segment *segments, size_t count, size_t narrow_step,
                       size_t wide_step, float *tile, const int row, const int column) {
  VECTOR sums[ROWS][VECTORS];
  tile += row * CK_WIDE_CHANNELS + column;
#pragma unroll
  for (int i = 0; i < ROWS; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++)
      sums[i][j] = *(const VECTOR *)(tile + i * CK_WIDE_CHANNELS + j * WIDTH);
  for (size_t s = 0; s < count; s++) {
    const float *narrow = segments[s].narrow + row, *wide = segments[s].wide + column;
    for (size_t k = 0; k < segments[s].length; k++, narrow += narrow_step, wide += wide_step) {
      VECTOR w[VECTORS];
#pragma unroll
      for (int j = 0; j < VECTORS; j++) w[j] = *(const VECTOR *)(wide + j * WIDTH);
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        const float x = narrow[i];
#pragma unroll
        for (int j = 0; j < VECTORS; j++) sums[i][j] += x * w[j];
      }
    }
  }
#pragma unroll
  for (int i = 0; i < ROWS; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++)
      *(VECTOR *)(tile + i * CK_WIDE_CHANNELS + j * WIDTH) = sums[i][j];
}

#undef SUBTILE
#undef VECTOR
#undef WIDTH
#undef ROWS
#undef VECTORS
