import Formats
import Foundation
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// One run of a case of `fixtures/post`: what went in, and what the definition gives in float64.
struct PostRun: Sendable, CustomTestStringConvertible {
  let id: String
  private let folder: String
  private let inputs: AnyJSON
  private let shared: AnyJSON
  let parameters: AnyJSON
  private let expected: AnyJSON
  /// How far a value may be off, with the reason beside it in the case.
  private let tolerance: AnyJSON

  var testDescription: String { "\(folder)/\(id)" }

  /// The runs of all cases of the given kinds; none where they are absent.
  static func all(ofKind kinds: String...) throws -> [PostRun] {
    guard Shared.isPresent else { return [] }
    let index = try AnyJSON.read(Shared.fixture("post/index.json"))
    return try index["cases"].elements.filter { kinds.contains($0["kind"].string ?? "") }
      .flatMap { item -> [PostRun] in
        let folder = item["id"].string ?? ""
        let json = try AnyJSON.read(Shared.fixture("post/\(folder)/case.json"))
        return json["runs"].elements.map { run in
          PostRun(
            id: run["id"].string ?? "", folder: folder, inputs: run["inputs"],
            shared: json["inputs"], parameters: run["parameters"], expected: run["expected"],
            tolerance: run["tolerance"])
        }
      }
  }

  func path(_ file: String) -> String { Shared.fixture("post/\(folder)/\(file)") }

  func input(_ name: String) throws -> String {
    path(try #require(inputs[name].string ?? shared[name].string, "no input \(name)"))
  }

  func array(_ name: String) throws -> NumericArray { try NPY.read(input(name)) }

  func expected(_ name: String = "result") throws -> NumericArray {
    try NPY.read(path(try #require(expected[name].string)))
  }

  func number(_ key: String) throws -> Double { try #require(parameters[key].number, "\(key)") }

  func count(_ key: String) throws -> Int { Int(try number(key)) }

  /// The scores as a field.
  func scores(_ name: String? = nil) throws -> ChannelField {
    let array = try array(name ?? parameters["scores"].string ?? "scores")
    return ChannelField(
      points: array.values.count / array.shape[0], channels: array.shape[0], planes: array.values)
  }

  /// The guide: gray ones have one channel.
  func scene() throws -> Scene {
    switch parameters["guide"].string {
    case "gray"?:
      let image = try ImageFile.read(input("gray"))
      let gray = (0..<image.grid.count).map { UInt8(image[$0, 0]) }
      return Scene(try Image(grid: image.grid, channels: 1, pixels: .bytes(gray)))
    case "guide4"?:
      return Scene(try Image(array("guide4"), rank: 2, layout: .channelsLast))
    default:
      return Scene(try ImageFile.read(input("image")))
    }
  }

  /// The labels that are expected.
  func labels() throws -> LabelMap {
    try LabelFile.read(path(#require(expected["labels"].string)))
  }

  /// Whether a field is what is expected.
  func expect(_ found: ChannelField, _ name: String = "result") throws {
    try expect(found.planes(), name)
  }

  /// Whether values are what is expected.
  func expect(_ found: [Float], _ name: String) throws {
    let expected = try expected(name).values
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let limit =
      try tolerance["max_abs"].number.map { Float($0) }
      ?? largest * Float(#require(tolerance["max_abs_relative_to_largest"].number))
    let off = largestDifference(found, expected)
    #expect(off <= limit, "\(testDescription), \(name): off by \(off), at most \(limit)")
  }

  /// Whether a filter gives what is expected, the same bits with any number of threads.
  func check(_ filter: some ScoreFilter, over scene: Scene, scores: ChannelField) throws {
    let one = try filter.filter(scores, over: scene, parallelism: .serial)
    try expect(one)
    let three = try filter.filter(scores, over: scene, parallelism: Parallelism(threads: 3))
    #expect(one.rows() == three.rows(), "\(testDescription) depends on threads")
  }
}

/// The largest difference of two arrays; infinite where a value is NaN or their lengths differ.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
