import Foundation
import LatticeSupport
import MeanField
import Testing
import Unaries

/// A golden case of learning: inputs, runs, and values and gradients in float64.
package struct LearningCase: Sendable, CustomTestStringConvertible {
  package let id: String
  package let json: AnyJSON
  private let folder: String

  /// The cases of a kind that live beside the project; none where they are absent.
  package static func all(ofKind kind: String, in group: String = "learning") -> [LearningCase] {
    let folder = Shared.fixture(group)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      guard let json = try? AnyJSON.read("\(folder)/\(name)/case.json"),
        json["kind"].string == kind
      else { return nil }
      return LearningCase(id: name, json: json, folder: "\(folder)/\(name)")
    }
  }

  package var testDescription: String { id }

  package var runs: [AnyJSON] { json["runs"].elements }

  /// The grid of points; a line of them where the case has only features.
  package func grid() throws -> GridShape {
    if let width = json["width"].number, let height = json["height"].number {
      return GridShape(width: Int(width), height: Int(height))
    }
    return try GridShape([Int(json["n"].number ?? 0)])
  }

  /// An array of a file, in float64.
  package func file(_ name: String) throws -> DoubleArray {
    try DoubleArray(npy: "\(folder)/\(name)")
  }

  package func input(_ name: String) throws -> DoubleArray {
    try file(json["inputs"][name].string ?? name)
  }

  /// What is expected of a run under a name; `nil` where nothing is.
  package func expected(_ name: String, of run: AnyJSON) throws -> [Double]? {
    let value = run["expected"][name]
    if let number = value.number { return [number] }
    if let file = value["file"].string, let index = value["index"].number {
      let array = try self.file(file)
      let size = array.values.count / array.shape[0]
      return Array(array.values[Int(index) * size..<(Int(index) + 1) * size])
    }
    let flat = value.elements.flatMap { $0.number.map { [$0] } ?? $0.numbers }
    return flat.isEmpty ? nil : flat
  }

  /// The names of what is expected of a run.
  package func names(of run: AnyJSON) -> [String] {
    guard case .object(let members) = run["expected"] else { return [] }
    return members.keys.sorted()
  }

  /// How far a quantity may be off, by the case's own statement.
  package func tolerance(_ name: String, in precision: String) -> Double {
    let table = json["tolerance"][precision]
    return table[name].number ?? table["default"].number ?? 0
  }
}

/// max |x − expected| / max |expected|, or max |x| where all that is expected is 0; infinite where
/// a number is not finite or sizes differ.
package func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let scale = expected.reduce(0) { max($0, abs($1)) }
  let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  return scale > 0 ? difference / scale : difference
}

/// The cosine of the angle between two arrays, and their distance by the second's length.
package func likeness(_ found: [Double], _ expected: [Double]) -> (cosine: Double, distance: Double)
{
  func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  let length = dot(expected, expected).squareRoot()
  let apart = zip(found, expected).map { $0 - $1 }
  return (
    dot(found, expected) / (dot(found, found).squareRoot() * length),
    dot(apart, apart).squareRoot() / length
  )
}

/// An array of a file of NumPy's in float64, which the library itself reads as float32.
package struct DoubleArray: Sendable {
  package let shape: [Int]
  package let values: [Double]

  package init(npy path: String) throws {
    let data = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let headerLength = Int(data[8]) | Int(data[9]) << 8
    let header = try #require(String(bytes: data[10..<10 + headerLength], encoding: .ascii))
    let type = try #require(header.firstMatch(of: /'descr': '([^']+)'/)).1
    let extents = try #require(header.firstMatch(of: /'shape': \(([^)]*)\)/)).1
    try #require(header.contains("'fortran_order': False"))
    shape = extents.split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    let bytes = Array(data[(10 + headerLength)...])
    values = try bytes.withUnsafeBytes { bytes in
      func all<Number>(_ number: Number.Type, _ convert: (Number) -> Double) -> [Double] {
        let size = MemoryLayout<Number>.size
        return (0..<bytes.count / size).map {
          convert(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self))
        }
      }
      switch type {
      case "<f8": return all(Double.self) { $0 }
      case "<f4": return all(Float.self) { Double($0) }
      case "<i4": return all(Int32.self) { Double($0) }
      case "<i8": return all(Int64.self) { Double($0) }
      case "|u1": return all(UInt8.self) { Double($0) }
      default: throw UnknownType(name: String(type))
      }
    }
  }

  private struct UnknownType: Error {
    let name: String
  }

  /// One image of a batch, or the array itself where there is no axis for them.
  package func image(_ index: Int, of count: Int) -> [Double] {
    let size = values.count / count
    return Array(values[index * size..<(index + 1) * size])
  }
}
