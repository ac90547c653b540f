import LatticePluginHeader
import LatticeSupport
import Unaries

/// A kind of a plug-in: its structure, which stays where it is, and what messages call it.
struct PluginKind<Structure>: @unchecked Sendable {
  let structure: UnsafePointer<Structure>
  let head: UnsafePointer<latticecrf_plugin_kind>
  /// The settings as C has them, whose keys values point to.
  let keys: [UnsafePointer<CChar>]
  let settings: [Setting]
  let name: String
  let summary: String
  let example: String
  /// `the kernel 'hue' of the plug-in 'lab'`.
  let title: String

  func has(_ flag: Int32) -> Bool { head.pointee.flags & flag != 0 }

  var needsImage: Bool { has(LATTICECRF_PLUGIN_NEEDS_IMAGE) }

  /// Why it must have an image, to follow "it"; `nil` where it need not.
  var imageReason: String? { needsImage ? "looks at the image (\(summary))" : nil }

  /// - Throws: `InputError` where there is no image and there must be one.
  func checkImage(of scene: Scene) throws {
    guard needsImage, scene.image == nil else { return }
    throw InputError(.usage, "\(title) needs an image", remedy: "give one")
  }

  /// What is wrong with what the plug-in has done.
  func refusal(_ text: String) -> InputError { InputError(.data, "\(title) \(text)") }

  /// Calls a function of the plug-in.
  ///
  /// - Throws: `InputError` with the plug-in's own words where it fails; `CallCancelled` where it
  ///   was to stop.
  func call(
    _ parallelism: Parallelism = .serial,
    _ body: (UnsafeMutablePointer<latticecrf_plugin_call>) -> Int32
  ) throws {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.errorCapacity) { buffer in
      buffer.initialize(repeating: 0)
      let flag = Cancellation.flag
      var call = latticecrf_plugin_call()
      call.size = Int64(MemoryLayout<latticecrf_plugin_call>.size)
      call.error = buffer.baseAddress
      call.error_capacity = Int64(buffer.count)
      call.cancelled = flag.map { UnsafePointer($0.address) }
      call.threads = Int32(clamping: parallelism.threads)
      let status = body(&call)
      guard status != 0 else { return }
      if flag?.isSet ?? false { throw CallCancelled() }
      buffer[buffer.count - 1] = 0
      let text = readable(buffer)
      throw InputError(
        .data, title + (text.isEmpty ? " failed and does not say why" : ": \(text)"))
    }
  }

  private static var errorCapacity: Int { 2048 }

  /// What stands before the 0, in one line.
  private func readable(_ buffer: UnsafeMutableBufferPointer<CChar>) -> String {
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      text.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    while text.last == " " || text.last == "." { text.removeLast() }
    return text
  }

  /// Makes the object that settings describe.
  ///
  /// - Parameter context: gives the arrays that settings name.
  /// - Throws: `InputError` where an array cannot be had, or the plug-in refuses the settings.
  func object(_ settings: Settings, _ context: DescriptionContext = .none) throws -> PluginObject {
    guard let make = head.pointee.make else {
      return PluginObject(head.pointee.context, release: nil)
    }
    let values = try PluginValues(settings, keys: keys, context: context)
    var object: UnsafeMutableRawPointer?
    try call { make(head.pointee.context, values.base, &object, $0) }
    return PluginObject(object, release: head.pointee.release)
  }

  /// How far the kind of some settings reaches; `nil` where it does not say.
  func reach(_ settings: Settings) throws -> Reach? {
    guard let reach = head.pointee.reach else { return nil }
    let values = try PluginValues(settings, keys: keys, context: nil)
    let steps = reach(head.pointee.context, values.base)
    return steps < 0 ? .everywhere : .steps(Int(steps))
  }
}

/// An object that a plug-in has made, freed with its last owner.
final class PluginObject: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?
  private let release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?

  init(
    _ pointer: UnsafeMutableRawPointer?,
    release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  ) {
    self.pointer = pointer
    self.release = release
  }

  deinit { release?(pointer) }
}

extension Scene {
  /// Calls `body` with the scene as plug-ins see it.
  func withPluginScene<Result>(
    _ body: (UnsafePointer<latticecrf_plugin_scene>) throws -> Result
  ) rethrows -> Result {
    var scene = latticecrf_plugin_scene()
    scene.size = Int64(MemoryLayout<latticecrf_plugin_scene>.size)
    scene.points = Int64(grid.count)
    scene.rank = Int32(clamping: grid.rank)
    scene.channels = Int32(clamping: image?.channels ?? 0)
    let (extents, origin) = (grid.extents.map { Int64($0) }, origin.map { Int64($0) })
    return try extents.withUnsafeBufferPointer { extents in
      scene.extents = extents.baseAddress
      return try origin.withUnsafeBufferPointer { origin in
        scene.origin = origin.baseAddress
        switch image?.pixels {
        case nil: return try body(&scene)
        case .floats(let values)?:
          return try values.withUnsafeBufferPointer { values in
            scene.image = values.baseAddress
            return try body(&scene)
          }
        case .bytes(let bytes)?:
          return try bytes.map { Float($0) }.withUnsafeBufferPointer { values in
            scene.image = values.baseAddress
            return try bytes.withUnsafeBufferPointer { bytes in
              scene.bytes = bytes.baseAddress
              return try body(&scene)
            }
          }
        }
      }
    }
  }
}
