import CPlugin

/// Neighbours of like hue ought to share a label, in light or in shadow.
///
/// Compares positions and the shares of red and green in a colour, which shadows leave alone.
struct Chroma {
  /// In pixels.
  var spatial: Float
  /// Of shares, which lie in 0…1.
  var chroma: Float

  func write(_ scene: latticecrf_plugin_scene, to features: UnsafeMutablePointer<Float>) {
    let width = Int(scene.extents[1])
    for point in 0..<Int(scene.points) {
      let (y, x) = point.quotientAndRemainder(dividingBy: width)
      let color = scene.image + 3 * point
      // One more than the sum, so that black is gray and nothing is divided by 0.
      let sum = color[0] + color[1] + color[2] + 1
      // Tiles find their points where the whole image has them.
      features[4 * point] = Float(x + Int(scene.origin[1])) / spatial
      features[4 * point + 1] = Float(y + Int(scene.origin[0])) / spatial
      features[4 * point + 2] = color[0] / sum / chroma
      features[4 * point + 3] = color[1] / sum / chroma
    }
  }
}

/// The kernel as C sees it. What is allocated here stays for as long as the process lives.
private let kernel: UnsafePointer<latticecrf_plugin_kernel> = {
  let settings = permanent([
    setting("spatial", LATTICECRF_PLUGIN_BANDWIDTHS, "standard deviation of positions, in pixels"),
    setting(
      "chroma", LATTICECRF_PLUGIN_NUMBER,
      "standard deviation of shares of colours, which lie in 0…1",
      fallback: "0.03", above: 0, maximum: 10),
  ])
  var kernel = latticecrf_plugin_kernel()
  kernel.kind.size = Int64(MemoryLayout<latticecrf_plugin_kernel>.size)
  kernel.kind.role = Int32(LATTICECRF_PLUGIN_KERNEL)
  kernel.kind.name = permanent("chroma")
  kernel.kind.summary = permanent("positions and hues")
  kernel.kind.example = permanent("chroma:weight=4,spatial=50,chroma=0.03")
  kernel.kind.settings = settings
  kernel.kind.setting_count = 2
  kernel.kind.flags = LATTICECRF_PLUGIN_NEEDS_IMAGE
  kernel.kind.make = { _, values, object, _ in
    let made = UnsafeMutablePointer<Chroma>.allocate(capacity: 1)
    made.initialize(
      to: Chroma(spatial: Float(values![0].numbers[0]), chroma: Float(values![1].number)))
    object!.pointee = UnsafeMutableRawPointer(made)
    return 0
  }
  kernel.kind.release = { $0?.assumingMemoryBound(to: Chroma.self).deallocate() }
  kernel.dimensions = { _, scene, dimensions, call in
    guard scene!.pointee.rank == 2, scene!.pointee.channels == 3 else {
      return latticecrf_plugin_fail_with(call, "hues are those of a picture in red, green and blue")
    }
    dimensions!.pointee = 4
    return 0
  }
  kernel.features = { object, scene, features, _, _ in
    object!.assumingMemoryBound(to: Chroma.self).pointee.write(scene!.pointee, to: features!)
    return 0
  }
  return permanent([kernel])
}()

private let table: UnsafePointer<latticecrf_plugin_table> = {
  let kinds = permanent([
    UnsafeRawPointer(kernel).assumingMemoryBound(to: latticecrf_plugin_kind.self)
      as UnsafePointer<latticecrf_plugin_kind>?
  ])
  var table = latticecrf_plugin_table()
  table.size = Int64(MemoryLayout<latticecrf_plugin_table>.size)
  table.abi_version = LATTICECRF_PLUGIN_ABI_VERSION
  table.kind_count = 1
  table.name = permanent("chroma")
  table.kinds = kinds
  return permanent([table])
}()

/// What programs look for.
@_cdecl("latticecrf_plugin")
public func plugin() -> UnsafePointer<latticecrf_plugin_table>? { table }
