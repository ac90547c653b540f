/// The transforms of patches for vectors of one length. Included once for each: VECTOR is the vector,
/// CK_NAME gives names their suffix.

/// Bᵀ d for six inputs of a line.
CK_INLINE void CK_NAME(input_line)(const VECTOR *d, const size_t step, VECTOR *v) {
  const VECTOR d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
               d5 = d[5 * step];
  const VECTOR far = d4 - 4 * d2, odd = d3 - 4 * d1, near = d4 - d2, twice = 2 * (d3 - d1);
  v[0] = 4 * d0 - 5 * d2 + d4;
  v[1] = far + odd;
  v[2] = far - odd;
  v[3] = near + twice;
  v[4] = near - twice;
  v[5] = 4 * d1 - 5 * d3 + d5;
}

/// Aᵀ m for six sums of a line.
CK_INLINE void CK_NAME(output_line)(const VECTOR *m, const size_t step, VECTOR *y) {
  const VECTOR a = m[step] + m[2 * step], b = m[step] - m[2 * step];
  const VECTOR c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
  y[0] = m[0] + a + c;
  y[1] = b + 2 * d;
  y[2] = a + 4 * c;
  y[3] = b + 8 * d + m[5 * step];
}

/// V = Bᵀ d B for one vector of channels of one patch; its values lie `step` floats apart.
CK_INLINE void CK_NAME(transform_patch)(const float *const *inputs, size_t channel, float *target,
                                        size_t step) {
  VECTOR half[SIDE * SIDE];
#pragma unroll
  for (int j = 0; j < SIDE; j++) {
    VECTOR d[SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; i++) d[i] = *(const VECTOR *)(inputs[i * SIDE + j] + channel);
    CK_NAME(input_line)(d, 1, half + SIDE * j);
  }
#pragma unroll
  for (int i = 0; i < SIDE; i++) {
    VECTOR v[SIDE];
    CK_NAME(input_line)(half + i, SIDE, v);
#pragma unroll
    for (int j = 0; j < SIDE; j++) *(VECTOR *)(target + (size_t)(i * SIDE + j) * step) = v[j];
  }
}

/// Y = Aᵀ m A, the bias and the rest, for one vector of channels of one patch.
CK_INLINE void CK_NAME(finish_patch)(const ck_winograd *w, const int32_t *origin, const float *sums,
                                     size_t step, size_t channel) {
  const ck_epilogue e = w->epilogue;
  const VECTOR bias = e.bias == NULL ? (VECTOR){0} : *(const VECTOR *)(e.bias + channel);
  const VECTOR lowest = (VECTOR){0} + e.lowest, highest = (VECTOR){0} + e.highest;
  VECTOR half[OUTPUTS * SIDE];
#pragma unroll
  for (int j = 0; j < SIDE; j++) {
    VECTOR m[SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; i++) m[i] = *(const VECTOR *)(sums + (size_t)(i * SIDE + j) * step);
    CK_NAME(output_line)(m, 1, half + OUTPUTS * j);
  }
#pragma unroll
  for (int i = 0; i < OUTPUTS; i++) {
    const int32_t row = origin[0] + i * w->rate_rows;
    if (row >= w->output_height) return;
    VECTOR y[OUTPUTS];
    CK_NAME(output_line)(half + i, OUTPUTS, y);
#pragma unroll
    for (int j = 0; j < OUTPUTS; j++) {
      const int32_t column = origin[1] + j * w->rate_columns;
      if (column >= w->output_width) break;
      const size_t position = (size_t)row * (size_t)w->output_width + (size_t)column;
      VECTOR value = y[j] + bias;
      if (e.residual != NULL)
        value += *(const VECTOR *)(e.residual + position * e.residual_pitch + channel);
      value = __builtin_elementwise_min(__builtin_elementwise_max(value, lowest), highest);
      *(VECTOR *)(w->output + position * w->output_channels + channel) = value;
    }
  }
}
