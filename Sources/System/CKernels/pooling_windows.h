#ifndef CKERNELS_POOLING_WINDOWS_H
#define CKERNELS_POOLING_WINDOWS_H

#include "clones.h"
#include "include/ckernels_layers.h"

/// Positions along one axis.
typedef struct {
  size_t first, end;
} ck_span;

/// Where window number `index` lies on an axis of `length` positions, without the border.
CK_INLINE ck_span within(size_t index, size_t taps, size_t stride, size_t padding, size_t length) {
  const size_t start = index * stride, end = start + taps;
  const size_t reach = length + padding;
  const ck_span span = {start > padding ? start - padding : 0,
                        (end < reach ? end : reach) - padding};
  return span;
}

/// The taps of a window that lie within the map or its border.
CK_INLINE size_t taps_with_border(size_t index, size_t taps, size_t stride, size_t padding,
                                  size_t length) {
  const size_t left = length + 2 * padding - index * stride;
  return taps < left ? taps : left;
}

/// A window of an average pool: where it lies, and what its sum is divided by.
typedef struct {
  ck_span rows, columns;
  float taps;
} ck_averaged;

CK_INLINE ck_averaged averaged(ck_map map, ck_window window, size_t row, size_t column,
                               bool counts_padding) {
  ck_averaged result;
  result.rows = within(row, window.rows, window.row_stride, window.row_padding, map.height);
  result.columns =
      within(column, window.columns, window.column_stride, window.column_padding, map.width);
  const size_t rows = taps_with_border(row, window.rows, window.row_stride, window.row_padding,
                                       map.height);
  const size_t columns = taps_with_border(column, window.columns, window.column_stride,
                                          window.column_padding, map.width);
  const size_t inside = (result.rows.end - result.rows.first) *
                        (result.columns.end - result.columns.first);
  result.taps = (float)(counts_padding ? rows * columns : inside);
  return result;
}

#endif
