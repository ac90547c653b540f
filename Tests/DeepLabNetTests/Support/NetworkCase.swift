import DeepLabNet
import Formats
import TestSupport
import Testing
import Unaries

/// One image of a network fixture: what goes in, and what other programs made of it.
package struct NetworkCase: Sendable, CustomTestStringConvertible {
  package let folder: String
  package let height: Int
  package let width: Int
  private let contents: AnyJSON

  package var testDescription: String { "\(folder), \(height) × \(width)" }

  /// The images of a folder; none where the fixtures are absent.
  package static func all(in folder: String) -> [NetworkCase] {
    let contents = try? AnyJSON.read(Shared.fixture("net/\(folder)/case.json"))
    return (contents?["runs"].elements ?? []).map { run in
      NetworkCase(
        folder: folder, height: Int(run["height"].number ?? 0),
        width: Int(run["width"].number ?? 0), contents: run)
    }
  }

  private func path(_ file: String) -> String { Shared.fixture("net/\(folder)/\(file)") }

  /// The photograph.
  package func image() throws -> Image {
    try ImageFile.read(path(#require(contents["image"].string)))
  }

  /// The preprocessed photograph, where the case holds it.
  package func input() throws -> Tensor? {
    try contents["input"].string.map { try Tensor(channelsFirst: NPY.read(path($0))) }
  }

  /// An expected output.
  package func output(_ name: String) throws -> Tensor {
    let file = try #require(contents["outputs"][name]["file"].string, "no output \(name)")
    return try Tensor(channelsFirst: NPY.read(path(file)))
  }

  /// The rows and columns of an output that its file holds: every n-th.
  package func subsampling(of name: String) -> Int {
    Int(contents["outputs"][name]["subsample"].number ?? 1)
  }

  /// The expected class of every pixel.
  package func labels() throws -> [UInt16] {
    try LabelFile.read(path(#require(contents["argmax"]["file"].string))).labels
  }
}

extension Tensor {
  /// Every `step`-th row and column.
  package func subsampled(by step: Int) -> Tensor {
    guard step > 1 else { return self }
    let rows = Array(stride(from: 0, to: shape.height, by: step))
    let columns = Array(stride(from: 0, to: shape.width, by: step))
    let values = rows.flatMap { row in
      columns.flatMap { column in
        (0..<shape.channels).map { self[0, row, column, $0] }
      }
    }
    return Tensor(shape.with(height: rows.count, width: columns.count), values: values)
  }

  /// The channel of the largest value at every position.
  package func argMax() -> [UInt16] {
    let values = values()
    return (0..<shape.positions).map { position in
      let row = values[position * shape.channels..<(position + 1) * shape.channels]
      return UInt16((row.indices.max { row[$0] < row[$1] } ?? row.startIndex) - row.startIndex)
    }
  }
}
