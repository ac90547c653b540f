/// SUBTILE: ROWS rows × VECTORS vectors of WIDTH floats of a tile, from row `row` and channel `column`
/// on. Included once for each size that the registers hold; undefines
/// what it was given.

CK_INLINE void SUBTILE(const ck_stretch *stretches, size_t count, const ck_tile *t, const int row,
                       const int column) {
  VECTOR sums[ROWS][VECTORS];
  float *output = t->output + (size_t)row * t->pitch + column;
  if (t->continues) {
#pragma unroll
    for (int i = 0; i < ROWS; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++)
        sums[i][j] = *(const VECTOR *)(output + (size_t)i * t->pitch + j * WIDTH);
  } else {
#pragma unroll
    for (int j = 0; j < VECTORS; j++) {
      const VECTOR bias =
          t->bias == NULL ? (VECTOR){0} : *(const VECTOR *)(t->bias + column + j * WIDTH);
#pragma unroll
      for (int i = 0; i < ROWS; i++) sums[i][j] = bias;
    }
    if (t->residual != NULL) {
      const float *residual = t->residual + (size_t)row * t->residual_pitch + column;
#pragma unroll
      for (int i = 0; i < ROWS; i++)
#pragma unroll
        for (int j = 0; j < VECTORS; j++)
          sums[i][j] += *(const VECTOR *)(residual + (size_t)i * t->residual_pitch + j * WIDTH);
    }
  }
  for (size_t s = 0; s < count; s++) {
    const float *rows[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) rows[i] = stretches[s].rows[row + i] + stretches[s].offset;
    const float *weights = stretches[s].weights + column;
    const size_t length = stretches[s].length;
    for (size_t k = 0; k < length; k++) {
      VECTOR w[VECTORS];
#pragma unroll
      for (int j = 0; j < VECTORS; j++)
        w[j] = *(const VECTOR *)(weights + k * CK_TILE_COLUMNS + j * WIDTH);
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        const float x = rows[i][k];
#pragma unroll
        for (int j = 0; j < VECTORS; j++) sums[i][j] += x * w[j];
      }
    }
  }
  if (t->ends) {
    const VECTOR lowest = (VECTOR){0} + t->lowest, highest = (VECTOR){0} + t->highest;
#pragma unroll
    for (int i = 0; i < ROWS; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) {
        sums[i][j] = __builtin_elementwise_max(sums[i][j], lowest);
        sums[i][j] = __builtin_elementwise_min(sums[i][j], highest);
      }
  }
#pragma unroll
  for (int i = 0; i < ROWS; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++)
      *(VECTOR *)(output + (size_t)i * t->pitch + j * WIDTH) = sums[i][j];
}

#undef SUBTILE
#undef VECTOR
#undef WIDTH
#undef ROWS
#undef VECTORS
