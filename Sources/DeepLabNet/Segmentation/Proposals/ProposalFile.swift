import Formats
import LatticeSupport
import Unaries

/// Proposals that another program has found, from a file for one image.
///
/// Text, a line `x0,y0,x1,y1` or `x0,y0,x1,y1,score` a box, with or without these names in the
/// first line; empty lines and what follows a `#` are skipped. Or an NPY array of N × 4 or N × 5
/// such numbers. Edges are in pixels, the right and the lower one just beyond the last pixel.
public struct ProposalFile: ProposalSource {
  /// The boxes, best first; in the file's order where scores are equal or missing.
  public let proposals: [Proposal]

  /// Far more than any program proposes.
  private static let largestText = 1 << 26

  /// - Throws: `InputError` naming the line or row that is not a box.
  public init(_ path: String) throws {
    do {
      let source = try FileSource(path)
      guard source.kind != .npy else {
        try self.init(array: NPY.read(path))
        return
      }
      try self.init(text: TextFile.read(path, as: "a list of boxes", upTo: Self.largestText))
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The boxes that `text` lists.
  package init(text: String) throws {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var rows: [(place: String, numbers: [Double])] = []
    for (number, line) in zip(1..., lines) {
      let words = line.prefix { $0 != "#" }.split { $0 == "," || $0.isWhitespace }
      if words.isEmpty || rows.isEmpty && words.first == "x0" { continue }
      let numbers = words.compactMap { Double($0) }
      guard numbers.count == words.count else {
        throw Self.malformed("line \(number) is \(quoted(line))")
      }
      rows.append(("line \(number)", numbers))
    }
    try self.init(rows: rows)
  }

  private init(array: NumericArray) throws {
    guard array.shape.count == 2, (4...5).contains(array.shape[1]) else {
      throw Self.malformed("holds an array of shape \(array.shape)")
    }
    let length = array.shape[1]
    try self.init(
      rows: (0..<array.shape[0]).map { row in
        ("row \(row)", array.values[row * length..<(row + 1) * length].map(Double.init))
      })
  }

  private init(rows: [(place: String, numbers: [Double])]) throws {
    guard let length = rows.first?.numbers.count else { throw Self.malformed("holds no boxes") }
    let boxes = try rows.map { place, numbers in
      guard (4...5).contains(length), numbers.count == length else {
        throw Self.malformed("\(place) has \(numbers.count) numbers")
      }
      do {
        return try Proposal(
          x0: numbers[0], y0: numbers[1], x1: numbers[2], y1: numbers[3],
          score: length == 5 ? numbers[4] : 0)
      } catch let error as InputError {
        throw error.within(place)
      }
    }
    proposals = boxes.enumerated().sorted {
      ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
    }.map(\.element)
  }

  private static func malformed(_ problem: String) -> InputError {
    InputError(
      .data, problem + "; expected boxes of four numbers, or all of five",
      remedy: "write x0,y0,x1,y1 or x0,y0,x1,y1,score for each, as in 10,20,110,180,0.9")
  }

  /// The best boxes, whatever the image.
  public func proposals(for image: Image, limit: Int) -> [Proposal] {
    Array(proposals.prefix(limit))
  }
}
