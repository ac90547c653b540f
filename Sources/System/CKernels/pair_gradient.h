/// The gradient of a sum over all pairs, for one type of numbers: REAL, with its exponential REAL_EXP, in a
/// function named PAIR_GRADIENT.

CK_CLONES
void PAIR_GRADIENT(const REAL *features, size_t points, size_t pitch, int32_t dimensions,
                   const REAL *left, const REAL *right, size_t inner, size_t first, size_t end,
                   REAL *scratch, double *gradient) {
  // Sums are kept in REAL over RUN panels, before they go to double.
  enum { ROWS = CK_TILE_POINTS, LANES = CK_PANEL_POINTS, RUN = 8 };
  const size_t d = (size_t)dimensions, panels = pitch / LANES;
  for (size_t tile = first; tile < end; tile++) {
    const size_t row = tile * ROWS;
    const size_t rows = points - row < ROWS ? points - row : ROWS;
    const REAL *a = left + tile * inner * ROWS;
    memset(scratch, 0, d * ROWS * LANES * sizeof(REAL));
    for (size_t panel = 0; panel < panels; panel++) {
      const REAL *b = right + panel * inner * LANES;
      REAL weights[ROWS][LANES] = {{0}}, squares[ROWS][LANES] = {{0}};
      for (size_t n = 0; n < inner; n++) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          for (int lane = 0; lane < LANES; lane++) {
            weights[r][lane] += a[n * ROWS + r] * b[n * LANES + lane];
          }
        }
      }
      for (size_t c = 0; c < d; c++) {
        const REAL *plane = features + c * pitch, *there = plane + panel * LANES;
        for (size_t r = 0; r < rows; r++) {
          for (int lane = 0; lane < LANES; lane++) {
            const REAL apart = plane[row + r] - there[lane];
            squares[r][lane] += apart * apart;
          }
        }
      }
      for (size_t r = 0; r < rows; r++) {
        for (int lane = 0; lane < LANES; lane++) {
          weights[r][lane] *= REAL_EXP((REAL)-0.5 * squares[r][lane]);
        }
      }
      for (size_t c = 0; c < d; c++) {
        const REAL *plane = features + c * pitch, *there = plane + panel * LANES;
        for (size_t r = 0; r < rows; r++) {
          REAL *sums = scratch + (c * ROWS + r) * LANES;
          for (int lane = 0; lane < LANES; lane++) {
            sums[lane] += weights[r][lane] * (plane[row + r] - there[lane]);
          }
        }
      }
      if (panel % RUN != RUN - 1 && panel != panels - 1) continue;
      for (size_t c = 0; c < d; c++) {
        for (size_t r = 0; r < rows; r++) {
          const REAL *sums = scratch + (c * ROWS + r) * LANES;
          double sum = 0;
          for (int lane = 0; lane < LANES; lane++) sum += (double)sums[lane];
          gradient[(row + r) * d + c] -= sum;
        }
      }
      memset(scratch, 0, d * ROWS * LANES * sizeof(REAL));
    }
  }
}
