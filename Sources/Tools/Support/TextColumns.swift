/// Rows of texts, padded so that they stand in columns.
package struct TextColumns {
  /// Where a column's texts stand.
  package enum Alignment {
    case left, right
  }

  private let alignments: [Alignment]
  private let rows: [[String]]
  /// One key of absurd length shall not push all others aside.
  private static let widest = 64

  /// - Parameters:
  ///   - alignments: one for each column.
  ///   - rows: as many texts each.
  package init(_ alignments: [Alignment], rows: [[String]]) {
    self.alignments = alignments
    self.rows = rows
  }

  /// One for each row, without blanks at its end.
  package var lines: [String] {
    let widths = alignments.indices.map { column in
      min(Self.widest, rows.map { $0[column].count }.max() ?? 0)
    }
    return rows.map { row in
      let line = alignments.indices.map { column in
        let blanks = String(repeating: " ", count: max(0, widths[column] - row[column].count))
        return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
